package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * Bind (F): makes a portal from a prepared statement and parameters. Threads: immutable. Keeps no
 * buffer.
 *
 * @param portal empty for the unnamed one
 * @param statement empty for the unnamed one
 * @param parameterFormats none (all text), one (for all) or one for each parameter
 * @param parameters null stands for NULL; unmodifiable
 * @param resultFormats none (all text), one (for all) or one for each result column
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BIND">Message
 *     Formats</a>
 */
public record Bind(
        String portal,
        String statement,
        List<FormatCode> parameterFormats,
        List<@Nullable Bytes> parameters,
        List<FormatCode> resultFormats)
        implements FrontendMessage {
    public static final byte TYPE = FrontendType.BIND;

    public Bind {
        parameterFormats = List.copyOf(parameterFormats);
        parameters = MessageBody.copyOfNullable(parameters);
        resultFormats = List.copyOf(resultFormats);
    }

    /** All parameters and results as text. */
    public static Bind text(String portal, String statement, @Nullable String... parameters) {
        return new Bind(
                portal, statement, List.of(), MessageBody.textValues(parameters), List.of());
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static Bind decode(ByteBuf body) {
        String portal = WireStrings.readCString(body, "Bind: portal name");
        String statement = WireStrings.readCString(body, "Bind: statement name");
        List<FormatCode> parameterFormats =
                MessageBody.readFormats(body, "Bind: parameter formats");
        List<@Nullable Bytes> parameters = MessageBody.readValues(body, "Bind: parameters");
        List<FormatCode> resultFormats = MessageBody.readFormats(body, "Bind: result formats");
        MessageBody.requireEnd(body, "Bind");
        return new Bind(portal, statement, parameterFormats, parameters, resultFormats);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        WireStrings.writeCString(out, portal);
        WireStrings.writeCString(out, statement);
        MessageBody.writeFormats(out, parameterFormats);
        MessageBody.writeValues(out, parameters);
        MessageBody.writeFormats(out, resultFormats);
        Frames.end(out, lengthIndex);
    }
}
