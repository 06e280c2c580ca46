package io.pgdoorman.testing;

import io.netty.channel.unix.Socket;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Makes the kernel drop all that comes for a socket, before TCP sees it: to its peer the machine is
 * off. What the socket sends still goes. A filter that accepts no byte does it, which needs no
 * privilege. Threads: no state.
 *
 * @see <a href="https://docs.kernel.org/networking/filter.html">Linux Socket Filtering</a>
 */
public final class DeafSocket {
    private static final int SOL_SOCKET = 1;
    private static final int SO_ATTACH_FILTER = 26;
    private static final int SO_DETACH_FILTER = 27;
    private static final short RETURN_CONSTANT = 6;

    private DeafSocket() {}

    public static void deafen(Socket socket) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment instruction = arena.allocate(8, 8); // struct sock_filter
            instruction.set(ValueLayout.JAVA_SHORT, 0, RETURN_CONSTANT);
            ByteBuffer program = // struct sock_fprog
                    ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
            program.putShort(0, (short) 1).putLong(8, instruction.address());
            socket.setRawOpt(SOL_SOCKET, SO_ATTACH_FILTER, program);
        }
    }

    /** It hears again what its peer repeats. */
    public static void undeafen(Socket socket) throws IOException {
        socket.setRawOpt(SOL_SOCKET, SO_DETACH_FILTER, ByteBuffer.allocateDirect(4));
    }
}
