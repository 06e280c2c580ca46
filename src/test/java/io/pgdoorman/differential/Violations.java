package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import io.pgdoorman.testing.Frontend;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Messages that no driver sends. The pooler has to find most of these faults itself; it answers
 * with PostgreSQL's severity and SQLSTATE, in words of its own.
 */
final class Violations {
    private Violations() {}

    static List<Sequence> sequences() {
        return faults().stream().map(Sequence::answeredByThePooler).toList();
    }

    private static List<Sequence> faults() {
        return List.of(
                sequence(
                        "Query without its terminator",
                        message('Q', ascii("SELECT 1")),
                        ready(),
                        query("SELECT 2"),
                        ready()),
                sequence(
                        "Query with bytes after its terminator",
                        message('Q', ascii("SELECT 1\0x")),
                        ready(),
                        query("SELECT 2"),
                        ready()),
                sequence("Query without a body", message('Q'), ready(), query("SELECT 2"), ready()),
                sequence(
                        "Parse cut short",
                        message('P', ascii("s\0SELECT 1")),
                        sync(),
                        ready(),
                        query("SELECT 2"),
                        ready()),
                sequence(
                        "Parse with fewer types than it says",
                        message('P', ascii("\0SELECT 1\0\0\2\0\0")),
                        sync(),
                        ready(),
                        query("SELECT 2"),
                        ready()),
                sequence(
                        "Bind cut short",
                        parse("SELECT 1"),
                        message('B', ascii("\0\0\0")),
                        sync(),
                        ready(),
                        query("SELECT 2"),
                        ready()),
                sequence(
                        "Bind with a value longer than itself",
                        parse("SELECT $1::text"),
                        message('B', ascii("\0\0\0\0\0\1\0\0\1\0x\0\0")),
                        sync(),
                        ready(),
                        query("SELECT 2"),
                        ready()),
                sequence(
                        "Bind with a bad format code",
                        parse("SELECT 1"),
                        message('B', ascii("\0\0\0\0\0\0\0\1\0\7")),
                        execute(),
                        sync(),
                        ready(),
                        query("SELECT 2"),
                        ready()),
                sequence(
                        "Describe of an unknown kind", message('D', ascii("x\0")), sync(), ready()),
                sequence("Describe without a name", message('D', ascii("S")), sync(), ready()),
                sequence("Close of an unknown kind", message('C', ascii("x\0")), sync(), ready()),
                sequence("Execute cut short", message('E', ascii("\0\0\0")), sync(), ready()),
                sequence(
                        "Sync with a body",
                        message('S', ascii("x")),
                        sync(),
                        ready(),
                        query("SELECT 2"),
                        ready()),
                sequence("Flush with a body", message('H', ascii("x")), sync(), ready()),
                sequence(
                        "FunctionCall cut short",
                        message('F', ascii("\0\0")),
                        ready(),
                        query("SELECT 2"),
                        ready()),
                sequence(
                        "CopyFail without its terminator",
                        query("COPY scratch FROM STDIN"),
                        until('G'),
                        message('f', ascii("x")),
                        ready(),
                        query("SELECT 2"),
                        ready()),
                sequence("unknown type", message('y', ascii("what")), end()),
                sequence("type zero", message('\0'), end()),
                sequence("type 255", message('\u00ff'), end()),
                sequence(
                        "password when nobody asked",
                        new Sequence.Send(Frontend.password("x")),
                        end()),
                sequence(
                        "unknown type in a transaction, and a new client",
                        query("BEGIN; INSERT INTO scratch VALUES (1, 'a')"),
                        ready(),
                        message('y'),
                        end(),
                        drop(),
                        query("SELECT count(*) FROM scratch"),
                        ready()),
                sequence("length 0", bytes(Frontend.header('Q', 0)), end()),
                sequence("length 3", bytes(Frontend.header('Q', 3)), end()),
                sequence("negative length", bytes(Frontend.header('Q', -1)), end()),
                sequence("length of 2 GB", bytes(Frontend.header('Q', Integer.MAX_VALUE)), end()),
                sequence("Sync of 20 000 bytes", bytes(Frontend.header('S', 20_000)), end()),
                sequence(
                        "length 0 after a good query",
                        query("SELECT 1"),
                        ready(),
                        bytes(Frontend.header('P', 0)),
                        end(),
                        drop(),
                        query("SELECT 2"),
                        ready()),
                sequence("startup of length 0", connect(), bytes(Frontend.int32(0)), end()),
                sequence(
                        "startup of length 7",
                        connect(),
                        bytes(Frontend.concat(Frontend.int32(7), new byte[3])),
                        end()),
                sequence(
                        "startup of 20 000 bytes",
                        connect(),
                        bytes(Frontend.concat(Frontend.int32(20_000), new byte[20_000])),
                        end()),
                sequence(
                        "startup of 2 GB",
                        connect(),
                        bytes(Frontend.int32(Integer.MAX_VALUE)),
                        end()),
                sequence("startup of negative length", connect(), bytes(Frontend.int32(-5)), end()),
                sequence(
                        "startup without a user",
                        connect(),
                        bytes(
                                Frontend.startup(
                                        Frontend.PROTOCOL_3_0, java.util.Map.of("database", "x"))),
                        end()),
                sequence(
                        "startup without its terminator",
                        connect(),
                        bytes(
                                Frontend.concat(
                                        Frontend.int32(17),
                                        Frontend.int32(Frontend.PROTOCOL_3_0),
                                        ascii("user\0app\0"))),
                        end()),
                sequence(
                        "startup with a name without a value",
                        connect(),
                        bytes(
                                Frontend.concat(
                                        Frontend.int32(13),
                                        Frontend.int32(Frontend.PROTOCOL_3_0),
                                        ascii("user\0"))),
                        end()),
                sequence(
                        "an HTTP request",
                        connect(),
                        bytes(ascii("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
                        end()),
                sequence(
                        "closed before the startup packet",
                        connect(),
                        drop(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "closed in the startup packet",
                        connect(),
                        bytes((byte) 0, (byte) 0),
                        drop(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "cancel key cut short",
                        connect(),
                        bytes(Frontend.cancelRequest(1, new byte[0])),
                        end()),
                sequence(
                        "cancel key of nobody",
                        connect(),
                        bytes(Frontend.cancelRequest(99_999_999, new byte[] {1, 2, 3, 4})),
                        end()),
                sequence(
                        "cancel key too long",
                        connect(),
                        bytes(Frontend.cancelRequest(1, new byte[1000])),
                        end()));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
