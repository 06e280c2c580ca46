package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

class ClientHelloTest {
    private static byte[] bytes(ByteBuf buffer) {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.readBytes(bytes);
        return bytes;
    }

    /** With another extension before, and another after ALPN. */
    private static byte[] hello(String... protocols) {
        ByteBuf names = Unpooled.buffer();
        for (String protocol : protocols) {
            names.writeByte(protocol.length())
                    .writeCharSequence(protocol, StandardCharsets.US_ASCII);
        }
        ByteBuf extensions = Unpooled.buffer().writeShort(23).writeShort(0);
        if (protocols.length > 0) {
            extensions.writeShort(16).writeShort(names.readableBytes() + 2);
            extensions.writeShort(names.readableBytes()).writeBytes(names);
        }
        extensions.writeShort(0xff01).writeShort(1).writeByte(0);
        ByteBuf body = Unpooled.buffer().writeShort(0x0303).writeZero(32);
        body.writeByte(32).writeZero(32); // session
        body.writeShort(2).writeShort(0x1301);
        body.writeByte(1).writeByte(0);
        body.writeShort(extensions.readableBytes()).writeBytes(extensions);
        return bytes(
                Unpooled.buffer().writeByte(1).writeMedium(body.readableBytes()).writeBytes(body));
    }

    private static byte[] records(byte[] message, int size) {
        ByteBuf out = Unpooled.buffer();
        for (int at = 0; at < message.length; at += size) {
            int length = Math.min(size, message.length - at);
            out.writeByte(22).writeShort(0x0301).writeShort(length).writeBytes(message, at, length);
        }
        return bytes(out);
    }

    private static List<String> protocols(byte[] records) {
        return ClientHello.protocols(Unpooled.wrappedBuffer(records));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 50, 10_000})
    void tellsWhatIsOfferedHoweverItIsCut(int size) {
        assertThat(protocols(records(hello("h2", "postgresql"), size)))
                .containsExactly("h2", "postgresql");
        assertThat(protocols(records(hello(), size))).isEmpty();
    }

    @Test
    void nothingIsOfferedByAPartOfAHello() {
        byte[] whole = records(hello("h2"), 60);

        for (int length = 0; length < whole.length; length++) {
            assertThat(protocols(java.util.Arrays.copyOf(whole, length))).isEmpty();
        }
    }

    @Test
    void takesAnyBytes() {
        var random = new Random(7301);
        byte[] whole = records(hello("h2", "http/1.1"), 60);
        for (int i = 0; i < 20_000; i++) {
            byte[] damaged = whole.clone();
            for (int change = 0; change <= i % 3; change++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }

            assertThat(protocols(damaged)).isNotNull();
        }
    }
}
