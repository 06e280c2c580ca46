package io.pgdoorman.net;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * How this package calls the C library. Each function's handle is made when it is first called,
 * which takes about a millisecond. Threads: any; it has no state.
 */
final class Libc {
    /** First argument of a function made with {@link #KEEP_ERRNO}. */
    static final StructLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();

    static final Linker.Option KEEP_ERRNO = Linker.Option.captureCallState("errno");

    private static final Linker LINKER = Linker.nativeLinker();
    private static final VarHandle ERRNO =
            ERRNO_LAYOUT.varHandle(PathElement.groupElement("errno"));

    private Libc() {}

    @SuppressWarnings("restricted") // calling C is what this class is for
    static MethodHandle function(String name, FunctionDescriptor type, Linker.Option... options) {
        MemorySegment address = LINKER.defaultLookup().findOrThrow(name);
        return LINKER.downcallHandle(address, type, options);
    }

    static FunctionDescriptor ints(MemoryLayout... arguments) {
        return FunctionDescriptor.of(JAVA_INT, arguments);
    }

    static int errno(MemorySegment captured) {
        return (int) ERRNO.get(captured, 0L);
    }

    /** Returns {@code result}, or throws with the name of the call and the error if negative. */
    static int check(String what, int result, MemorySegment captured) throws IOException {
        if (result >= 0) {
            return result;
        }
        throw new IOException(what + ": " + message(errno(captured)));
    }

    @SuppressWarnings("restricted") // strerror returns a C string without a length
    static String message(int errno) {
        MemorySegment text = call(() -> (MemorySegment) Strerror.CALL.invokeExact(errno));
        return text.reinterpret(Long.MAX_VALUE).getString(0);
    }

    interface Call<T> {
        T run() throws Throwable;
    }

    static int intCall(Call<Integer> call) {
        return call(call);
    }

    /** Downcall handles declare Throwable, yet a C function throws nothing. */
    static <T> T call(Call<T> call) {
        try {
            return call.run();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Strerror {
        private static final MethodHandle CALL =
                function("strerror", FunctionDescriptor.of(ADDRESS, JAVA_INT));
    }
}
