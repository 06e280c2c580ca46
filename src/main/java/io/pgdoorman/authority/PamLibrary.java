package io.pgdoorman.authority;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The functions of libpam, and of the C library what answers to it need. The first use loads the
 * library, which fails where it is not installed. Threads: any; it has no state.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/pam.3.html">pam(3)</a>
 */
@SuppressWarnings("restricted") // calling C is what this class is for
final class PamLibrary {
    static final String NAME = "libpam.so.0";

    /** {@code struct pam_conv}: a function and its argument. */
    static final MemoryLayout CONVERSATION =
            MemoryLayout.structLayout(ADDRESS.withName("conv"), ADDRESS.withName("appdata_ptr"));

    /** {@code struct pam_message}: the style and a text. */
    static final MemoryLayout MESSAGE =
            MemoryLayout.structLayout(
                    JAVA_INT.withName("msg_style"),
                    MemoryLayout.paddingLayout(4),
                    ADDRESS.withName("msg"));

    static final long MESSAGE_TEXT = 8;

    /** {@code struct pam_response}: a text and a code that is not used. */
    static final MemoryLayout RESPONSE =
            MemoryLayout.structLayout(
                    ADDRESS.withName("resp"),
                    JAVA_INT.withName("resp_retcode"),
                    MemoryLayout.paddingLayout(4));

    /** Of the function in a {@link #CONVERSATION}. */
    static final FunctionDescriptor CONVERSE =
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS);

    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup PAM = SymbolLookup.libraryLookup(NAME, Arena.global());

    private static final MethodHandle START =
            pam("pam_start", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
    private static final MethodHandle SET_ITEM =
            pam("pam_set_item", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
    private static final MethodHandle AUTHENTICATE =
            pam("pam_authenticate", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle ACCOUNT =
            pam("pam_acct_mgmt", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle END =
            pam("pam_end", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle STRERROR =
            pam("pam_strerror", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    private static final MethodHandle CALLOC =
            LINKER.downcallHandle(
                    LINKER.defaultLookup().findOrThrow("calloc"),
                    FunctionDescriptor.of(ADDRESS, JAVA_LONG, JAVA_LONG));

    private PamLibrary() {}

    private static MethodHandle pam(String name, FunctionDescriptor type) {
        return LINKER.downcallHandle(PAM.findOrThrow(name), type);
    }

    /** Loads it. */
    static void load() {
        // the constants are made
    }

    /** A conversation that calls {@code function} for as long as the arena lives. */
    static MemorySegment conversation(MethodHandle function, Arena arena) {
        MemorySegment conversation = arena.allocate(CONVERSATION);
        conversation.set(ADDRESS, 0, LINKER.upcallStub(function, CONVERSE, arena));
        return conversation;
    }

    static int start(
            MemorySegment service,
            MemorySegment user,
            MemorySegment conversation,
            MemorySegment handle) {
        return intCall(() -> (int) START.invokeExact(service, user, conversation, handle));
    }

    /** As {@link #start}, with the service's file in another directory; Linux-PAM 1.4. */
    static int startIn(
            MemorySegment directory,
            MemorySegment service,
            MemorySegment user,
            MemorySegment conversation,
            MemorySegment handle) {
        MethodHandle start =
                pam(
                        "pam_start_confdir",
                        FunctionDescriptor.of(
                                JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
        return intCall(
                () -> (int) start.invokeExact(service, user, conversation, directory, handle));
    }

    static int setItem(MemorySegment handle, int item, MemorySegment value) {
        return intCall(() -> (int) SET_ITEM.invokeExact(handle, item, value));
    }

    static int authenticate(MemorySegment handle) {
        return intCall(() -> (int) AUTHENTICATE.invokeExact(handle, 0));
    }

    static int checkAccount(MemorySegment handle) {
        return intCall(() -> (int) ACCOUNT.invokeExact(handle, 0));
    }

    static void end(MemorySegment handle, int last) {
        int _ = intCall(() -> (int) END.invokeExact(handle, last));
    }

    static String message(MemorySegment handle, int code) {
        MemorySegment text = call(() -> (MemorySegment) STRERROR.invokeExact(handle, code));
        return text.equals(MemorySegment.NULL) ? "error " + code : text(text);
    }

    /** A C string. */
    static String text(MemorySegment start) {
        return start.reinterpret(Long.MAX_VALUE).getString(0);
    }

    /** Memory that is freed by whoever gets it, as PAM does with answers; all zero. */
    static MemorySegment allocate(long bytes) {
        MemorySegment memory = call(() -> (MemorySegment) CALLOC.invokeExact(1L, bytes));
        if (memory.equals(MemorySegment.NULL)) {
            throw new OutOfMemoryError("calloc");
        }
        return memory.reinterpret(bytes);
    }

    private interface Call<T> {
        T run() throws Throwable;
    }

    private static int intCall(Call<Integer> call) {
        return call(call);
    }

    /** Handles declare Throwable, yet a C function throws nothing. */
    private static <T> T call(Call<T> call) {
        try {
            return call.run();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
