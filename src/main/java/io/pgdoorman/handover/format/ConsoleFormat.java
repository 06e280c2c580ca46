package io.pgdoorman.handover.format;

import io.pgdoorman.session.FrozenConsole;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.ProtocolException;

import java.util.ArrayList;
import java.util.List;

/**
 * A {@link FrozenConsole} as fields; see {@link ServerFormat} for the rules.
 *
 * <pre>
 *   1 number   2 user   3 database   4 may change   5 in transaction   6 skipping
 *   7 statement*   8 portal*   9 input
 *   statement:  1 name   2 text
 *   portal:     1 name   2 text   3 format codes, a byte each   4 rows sent   5 tag
 * </pre>
 *
 * Threads: no state.
 */
final class ConsoleFormat {
    private static final int ID = 1;
    private static final int USER = 2;
    private static final int DATABASE = 3;
    private static final int MAY_CHANGE = 4;
    private static final int IN_TRANSACTION = 5;
    private static final int SKIPPING = 6;
    private static final int STATEMENT = 7;
    private static final int PORTAL = 8;
    private static final int INPUT = 9;

    private static final int NAME = 1;
    private static final int TEXT = 2;
    private static final int FORMATS = 3;
    private static final int SENT = 4;
    private static final int TAG = 5;

    private ConsoleFormat() {}

    static FieldWriter write(FrozenConsole console) {
        var out =
                new FieldWriter()
                        .put(ID, console.id())
                        .put(USER, console.user())
                        .put(DATABASE, console.database())
                        .put(MAY_CHANGE, console.mayChange())
                        .put(IN_TRANSACTION, console.inTransaction())
                        .put(SKIPPING, console.skipping());
        for (FrozenConsole.Statement statement : console.statements()) {
            out.put(
                    STATEMENT,
                    new FieldWriter().put(NAME, statement.name()).put(TEXT, statement.text()));
        }
        for (FrozenConsole.Portal portal : console.portals()) {
            byte[] formats = new byte[portal.formats().size()];
            for (int i = 0; i < formats.length; i++) {
                formats[i] = (byte) portal.formats().get(i).code();
            }
            out.put(
                    PORTAL,
                    new FieldWriter()
                            .put(NAME, portal.name())
                            .put(TEXT, portal.text())
                            .put(FORMATS, formats)
                            .put(SENT, portal.sent())
                            .put(TAG, portal.tag()));
        }
        return out.put(INPUT, console.input());
    }

    static FrozenConsole read(FieldReader in) throws FormatException {
        int id = 0;
        String user = "";
        String database = "";
        boolean mayChange = false;
        boolean inTransaction = false;
        boolean skipping = false;
        List<FrozenConsole.Statement> statements = new ArrayList<>();
        List<FrozenConsole.Portal> portals = new ArrayList<>();
        byte[] input = {};
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case ID -> id = in.integer();
                case USER -> user = in.text();
                case DATABASE -> database = in.text();
                case MAY_CHANGE -> mayChange = in.bool();
                case IN_TRANSACTION -> inTransaction = in.bool();
                case SKIPPING -> skipping = in.bool();
                case STATEMENT -> statements.add(statement(in.message()));
                case PORTAL -> portals.add(portal(in.message()));
                case INPUT -> input = in.bytes();
                default -> {} // of a later version
            }
        }
        return new FrozenConsole(
                id, user, database, mayChange, inTransaction, skipping, statements, portals, input);
    }

    private static FrozenConsole.Statement statement(FieldReader in) throws FormatException {
        String name = "";
        String text = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case NAME -> name = in.text();
                case TEXT -> text = in.text();
                default -> {} // of a later version
            }
        }
        return new FrozenConsole.Statement(name, text);
    }

    private static FrozenConsole.Portal portal(FieldReader in) throws FormatException {
        String name = "";
        String text = "";
        List<FormatCode> formats = new ArrayList<>();
        int sent = 0;
        String tag = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case NAME -> name = in.text();
                case TEXT -> text = in.text();
                case FORMATS -> {
                    for (byte code : in.bytes()) {
                        formats.add(format(code));
                    }
                }
                case SENT -> sent = in.integer();
                case TAG -> tag = in.text();
                default -> {} // of a later version
            }
        }
        return new FrozenConsole.Portal(name, text, formats, sent, tag);
    }

    private static FormatCode format(int code) throws FormatException {
        try {
            return FormatCode.of(code);
        } catch (ProtocolException e) {
            throw new FormatException("format code " + code);
        }
    }
}
