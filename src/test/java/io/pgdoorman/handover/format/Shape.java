package io.pgdoorman.handover.format;

import java.util.Map;
import java.util.TreeMap;

/**
 * Which fields of a message are messages themselves: the format does not say it.
 *
 * @param inner their shapes by field number
 */
public record Shape(String name, Map<Integer, Shape> inner) {
    private static final Shape PARAMETERS = of("parameters");
    private static final Shape SOCKET = of("socket").with(4, of("tls"));
    private static final Shape PERMITS = of("permits");
    private static final Shape STREAM = of("stream");
    private static final Shape OF_CLIENT =
            of("statements of a client")
                    .with(1, of("name of a client"))
                    .with(3, of("change of a client"))
                    .with(4, of("use of a client"));
    private static final Shape OF_SERVER =
            of("statements of a server")
                    .with(1, of("name of a server"))
                    .with(4, of("change of a server"));
    private static final Shape SERVER_STATE =
            of("server state")
                    .with(14, STREAM)
                    .with(29, OF_SERVER)
                    .with(30, of("counts of a server"));
    private static final Shape SESSION_STATE =
            of("session state").with(11, STREAM).with(29, SERVER_STATE).with(30, OF_CLIENT);

    /** {@link Batch}. */
    static final Shape BATCH =
            of("batch")
                    .with(1, PARAMETERS)
                    .with(2, of("session").with(1, SESSION_STATE).with(2, SOCKET).with(3, SOCKET))
                    .with(
                            3,
                            of("login")
                                    .with(1, of("login state").with(9, of("verdict")))
                                    .with(2, SOCKET))
                    .with(
                            8,
                            of("console")
                                    .with(
                                            1,
                                            of("console state")
                                                    .with(7, of("statement of a console"))
                                                    .with(8, of("portal of a console")))
                                    .with(2, SOCKET))
                    .with(4, of("server").with(1, SERVER_STATE).with(2, SOCKET))
                    .with(5, PERMITS)
                    .with(6, PERMITS)
                    .with(7, of("statement"));

    /** {@code ProcessState}. */
    public static final Shape PROCESS =
            of("process")
                    .with(1, PARAMETERS)
                    .with(6, of("pool").with(4, of("credential")).with(5, of("profile")))
                    .with(7, of("limit"))
                    .with(11, of("setting"))
                    .with(12, of("look-up").with(3, of("looked-up user").with(4, of("parameter"))));

    /** A message without others in it. */
    public static Shape of(String name) {
        return new Shape(name, Map.of());
    }

    public Shape with(int field, Shape shape) {
        Map<Integer, Shape> more = new TreeMap<>(inner);
        more.put(field, shape);
        return new Shape(name, more);
    }
}
