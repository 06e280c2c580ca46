package io.pgdoorman.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A client's first message. Threads: no state.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8446#section-4.1.2">RFC 8446, 4.1.2</a>
 */
final class ClientHello {
    private static final int HANDSHAKE = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int VERSION_AND_RANDOM_BYTES = 34;
    private static final int ALPN = 16;

    private ClientHello() {}

    /**
     * What the client offers by ALPN (RFC 7301).
     *
     * @param records all the client has sent; borrowed
     * @return nothing also if this is no whole ClientHello: it is BoringSSL's to say what is wrong
     */
    static List<String> protocols(ByteBuf records) {
        ByteBuf content = Unpooled.buffer(records.readableBytes());
        try {
            join(records.duplicate(), content);
            return protocolsOf(content);
        } catch (IndexOutOfBoundsException e) {
            return List.of();
        } finally {
            content.release();
        }
    }

    /** The message may be in several records. */
    private static void join(ByteBuf records, ByteBuf content) {
        while (records.isReadable() && records.readByte() == HANDSHAKE) {
            records.skipBytes(2);
            content.writeBytes(records.readSlice(records.readUnsignedShort()));
        }
    }

    private static List<String> protocolsOf(ByteBuf content) {
        if (content.readByte() != CLIENT_HELLO) {
            return List.of();
        }
        ByteBuf hello = content.readSlice(content.readUnsignedMedium());
        hello.skipBytes(VERSION_AND_RANDOM_BYTES);
        hello.skipBytes(hello.readUnsignedByte()); // session
        hello.skipBytes(hello.readUnsignedShort()); // suites
        hello.skipBytes(hello.readUnsignedByte()); // compression
        ByteBuf extensions = hello.readSlice(hello.readUnsignedShort());
        List<String> protocols = new ArrayList<>();
        while (extensions.isReadable()) {
            int type = extensions.readUnsignedShort();
            ByteBuf extension = extensions.readSlice(extensions.readUnsignedShort());
            if (type == ALPN) {
                extension.skipBytes(2); // length of the list
                while (extension.isReadable()) {
                    ByteBuf name = extension.readSlice(extension.readUnsignedByte());
                    protocols.add(name.toString(StandardCharsets.ISO_8859_1));
                }
            }
        }
        return protocols;
    }
}
