package io.pgdoorman.admin;

import io.pgdoorman.session.FrozenConsole;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.SqlState;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Prepared statements and portals of one client of the console. How many and how long they are is
 * bounded: all of them go along in a handover.
 *
 * <p>Threads: confined to the client's loop.
 */
final class ConsoleStatements {
    private static final Logger LOG = LoggerFactory.getLogger(ConsoleStatements.class);

    /** Statements, and portals, of one client. */
    private static final int MAX_NAMES = 100;

    /** Of all statements together. */
    private static final int MAX_TEXT = 256 << 10;

    /**
     * A prepared statement.
     *
     * @param command its commands, of which there is at most one
     */
    record Prepared(String text, List<CommandLexer.Word> command) {
        private static Prepared of(String text) throws ConsoleException {
            List<List<CommandLexer.Word>> commands = CommandLexer.commands(text);
            if (commands.size() > 1) {
                throw new ConsoleException(
                        SqlState.SYNTAX_ERROR,
                        "cannot insert multiple commands into a prepared statement",
                        "");
            }
            return new Prepared(text, commands.isEmpty() ? List.of() : commands.getFirst());
        }

        /** One that another process has accepted. */
        private static Prepared again(String text) {
            try {
                return of(text);
            } catch (ConsoleException e) {
                LOG.warn("admin console: a statement of another version: {}", e.getMessage());
                return new Prepared(text, List.of());
            }
        }
    }

    /** A portal, and what of its result the client has. */
    static final class Portal {
        final Prepared prepared;
        final List<FormatCode> formats;

        /** Null if its command was not carried out, or is to be carried out again. */
        Console.@Nullable Result result;

        /** What is left of its rows; null if it has none or was not carried out. */
        @Nullable Rows rows;

        int sent;

        /** The client has all of it. */
        boolean over;

        private Portal(Prepared prepared, List<FormatCode> formats) {
            this.prepared = prepared;
            this.formats = formats;
        }

        private static Portal again(FrozenConsole.Portal frozen) {
            var portal = new Portal(Prepared.again(frozen.text()), frozen.formats());
            portal.sent = frozen.sent();
            if (!frozen.tag().isEmpty()) {
                portal.result = new Console.Result(null, frozen.tag());
                portal.over = true;
            }
            return portal;
        }

        /** Rows that have not been fetched are asked for again. */
        private FrozenConsole.Portal freeze(String name) {
            Console.Result done = result;
            String tag = done == null || !over ? "" : done.tag();
            return new FrozenConsole.Portal(name, prepared.text(), formats, sent, tag);
        }
    }

    private final Map<String, Prepared> statements = new HashMap<>();
    private final Map<String, Portal> portals = new HashMap<>();

    /** With those of a console that goes on. */
    ConsoleStatements(FrozenConsole origin) {
        origin.statements().forEach(one -> statements.put(one.name(), Prepared.again(one.text())));
        origin.portals().forEach(one -> portals.put(one.name(), Portal.again(one)));
    }

    List<FrozenConsole.Statement> freezeStatements() {
        return statements.entrySet().stream()
                .map(one -> new FrozenConsole.Statement(one.getKey(), one.getValue().text()))
                .toList();
    }

    List<FrozenConsole.Portal> freezePortals() {
        return portals.entrySet().stream().map(one -> one.getValue().freeze(one.getKey())).toList();
    }

    void parse(String name, String text) throws ConsoleException {
        if (name.isEmpty()) {
            statements.remove(name); // whatever comes of this one
        }
        Prepared prepared = Prepared.of(text);
        if (statements.containsKey(name)) {
            throw new ConsoleException(
                    SqlState.DUPLICATE_PREPARED_STATEMENT,
                    "prepared statement \"%s\" already exists".formatted(name),
                    "");
        }
        checkRoom(statements, "prepared statements");
        int length = statements.values().stream().mapToInt(one -> one.text().length()).sum();
        if (length + text.length() > MAX_TEXT) {
            throw new ConsoleException(
                    SqlState.PROGRAM_LIMIT_EXCEEDED,
                    "prepared statements of more than %d characters".formatted(MAX_TEXT),
                    "Close those that are not needed.");
        }
        statements.put(name, prepared);
    }

    void bind(String name, String statement, int parameters, List<FormatCode> formats)
            throws ConsoleException {
        Prepared prepared = prepared(statement);
        if (parameters > 0) {
            throw new ConsoleException(
                    SqlState.PROTOCOL_VIOLATION,
                    "bind message supplies %d parameters, but prepared statement \"%s\" requires 0"
                            .formatted(parameters, statement),
                    "");
        }
        if (name.isEmpty()) {
            portals.remove(name);
        }
        checkRoom(portals, "portals");
        portals.put(name, new Portal(prepared, formats));
    }

    private static void checkRoom(Map<String, ?> map, String what) throws ConsoleException {
        if (map.size() >= MAX_NAMES) {
            throw new ConsoleException(
                    SqlState.PROGRAM_LIMIT_EXCEEDED,
                    "more than %d %s".formatted(MAX_NAMES, what),
                    "Close those that are not needed.");
        }
    }

    Prepared prepared(String statement) throws ConsoleException {
        Prepared prepared = statements.get(statement);
        if (prepared == null) {
            throw new ConsoleException(
                    SqlState.INVALID_SQL_STATEMENT_NAME,
                    statement.isEmpty()
                            ? "unnamed prepared statement does not exist"
                            : "prepared statement \"%s\" does not exist".formatted(statement),
                    "");
        }
        return prepared;
    }

    Portal portal(String name) throws ConsoleException {
        Portal portal = portals.get(name);
        if (portal == null) {
            throw new ConsoleException(
                    SqlState.INVALID_CURSOR_NAME,
                    "portal \"%s\" does not exist".formatted(name),
                    "");
        }
        return portal;
    }

    void closeStatement(String name) {
        statements.remove(name);
    }

    void closeStatements() {
        statements.clear();
    }

    void closePortal(String name) {
        portals.remove(name);
    }

    /** As at the end of a transaction. */
    void closePortals() {
        portals.clear();
    }
}
