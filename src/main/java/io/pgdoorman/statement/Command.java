package io.pgdoorman.statement;

import io.netty.buffer.ByteBuf;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;

/**
 * What a statement text says about statements, read as PostgreSQL's lexer reads it: any case, white
 * space, comments of both kinds (nested ones too), quoted names. Only a text that is this one
 * statement is recognised, with or without its semicolon.
 *
 * <p>Threads: immutable.
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-deallocate.html">DEALLOCATE</a>
 * @see <a href="https://www.postgresql.org/docs/current/sql-syntax-lexical.html">Lexical
 *     Structure</a>
 * @param name of the statement, of a DEALLOCATE; of the parameter, of a SET
 */
public record Command(Kind kind, String name) {
    /** Which statement it is. */
    public enum Kind {
        OTHER,
        DEALLOCATE,
        DEALLOCATE_ALL,
        DISCARD_ALL,
        /** SET for the session. */
        SET,
        /** COMMIT, ROLLBACK and the like: PostgreSQL parses it in a failed transaction too. */
        TRANSACTION_END
    }

    /** Any other statement. */
    public static final Command OTHER = new Command(Kind.OTHER, "");

    private static final Command DEALLOCATE_ALL = new Command(Kind.DEALLOCATE_ALL, "");
    private static final Command DISCARD_ALL = new Command(Kind.DISCARD_ALL, "");
    private static final Command TRANSACTION_END = new Command(Kind.TRANSACTION_END, "");

    /** Longest identifier PostgreSQL keeps: NAMEDATALEN - 1. */
    public static final int MAX_NAME_BYTES = 63;

    /** Whether a text that begins with this byte has to be read at all. */
    public static boolean mayBeAboutStatements(byte first) {
        return (first | 0x20) == 'd'
                || first == '/'
                || first == '-'
                || first == ';'
                || first <= ' ';
    }

    /**
     * Reads a text. Allocates nothing for most of them. Borrows {@code in}.
     *
     * @param index of the text
     * @param length of the text, without its NUL
     */
    public static Command of(ByteBuf in, int index, int length) {
        var lexer = new Lexer(in, index, index + length);
        if (lexer.isOver()) {
            return OTHER;
        }
        return switch (in.getByte(lexer.at) | 0x20) {
            case 'd' -> lexer.accept("deallocate") ? deallocate(lexer) : discard(lexer);
            case 's' -> lexer.accept("set") ? set(lexer) : OTHER;
            case 'c' -> lexer.accept("commit") ? TRANSACTION_END : OTHER;
            case 'r' -> lexer.accept("rollback") ? TRANSACTION_END : OTHER;
            case 'a' -> lexer.accept("abort") ? TRANSACTION_END : OTHER;
            case 'e' -> lexer.accept("end") ? TRANSACTION_END : OTHER;
            case 'p' ->
                    lexer.accept("prepare") && lexer.accept("transaction")
                            ? TRANSACTION_END
                            : OTHER;
            default -> OTHER;
        };
    }

    private static Command set(Lexer lexer) {
        boolean ofTransaction =
                lexer.copy().accept("local")
                        || lexer.copy().accept("transaction")
                        || lexer.copy().accept("constraints");
        if (ofTransaction) {
            return OTHER;
        }
        lexer.accept("session");
        if (lexer.accept("time")) {
            return new Command(Kind.SET, "timezone");
        }
        if (lexer.accept("names")) {
            return new Command(Kind.SET, "client_encoding");
        }
        String name = lexer.name();
        return new Command(Kind.SET, name == null ? "" : name);
    }

    private static Command discard(Lexer lexer) {
        return lexer.accept("discard") && lexer.accept("all") && lexer.isOver()
                ? DISCARD_ALL
                : OTHER;
    }

    private static Command deallocate(Lexer lexer) {
        Lexer behind = lexer.copy();
        if (behind.accept("prepare")) {
            // Also the name of a statement: DEALLOCATE prepare.
            Command named = target(behind);
            if (named.kind != Kind.OTHER) {
                return named;
            }
        }
        return target(lexer);
    }

    private static Command target(Lexer lexer) {
        if (lexer.copy().acceptLast("all")) {
            return DEALLOCATE_ALL;
        }
        String name = lexer.name();
        return name != null && lexer.isOver() ? new Command(Kind.DEALLOCATE, name) : OTHER;
    }

    /** Reads on in a text. */
    private static final class Lexer {
        private final ByteBuf in;
        private final int end;
        private int at;

        Lexer(ByteBuf in, int at, int end) {
            this.in = in;
            this.at = at;
            this.end = end;
        }

        Lexer copy() {
            return new Lexer(in, at, end);
        }

        /** White space and comments. */
        void skipBlanks() {
            while (at < end) {
                int c = in.getByte(at);
                if (c == ' ' || (c >= '\t' && c <= '\r')) {
                    at++;
                } else if (c == '-' && next() == '-') {
                    skipLine();
                } else if (c == '/' && next() == '*') {
                    if (!skipComment()) {
                        return;
                    }
                } else {
                    return;
                }
            }
        }

        private int next() {
            return at + 1 < end ? in.getByte(at + 1) : -1;
        }

        private void skipLine() {
            while (at < end && in.getByte(at) != '\n' && in.getByte(at) != '\r') {
                at++;
            }
        }

        private boolean skipComment() {
            int depth = 0;
            int i = at;
            while (i + 1 < end) {
                int c = in.getByte(i);
                int d = in.getByte(i + 1);
                if (c == '/' && d == '*') {
                    depth++;
                    i += 2;
                } else if (c == '*' && d == '/') {
                    i += 2;
                    if (--depth == 0) {
                        at = i;
                        return true;
                    }
                } else {
                    i++;
                }
            }
            return false;
        }

        /** The keyword, in lower case, comes next; then it is passed. */
        boolean accept(String keyword) {
            skipBlanks();
            int behind = at + keyword.length();
            if (behind > end || (behind < end && isIdentifier(in.getByte(behind)))) {
                return false;
            }
            for (int i = 0; i < keyword.length(); i++) {
                if ((in.getByte(at + i) | 0x20) != keyword.charAt(i)) {
                    return false;
                }
            }
            at = behind;
            return true;
        }

        boolean acceptLast(String keyword) {
            return accept(keyword) && isOver();
        }

        /** Nothing follows but semicolons, which are passed. */
        boolean isOver() {
            skipBlanks();
            while (at < end && in.getByte(at) == ';') {
                at++;
                skipBlanks();
            }
            return at >= end;
        }

        /** An identifier, folded and cut as PostgreSQL does; null if there is none. */
        @Nullable String name() {
            skipBlanks();
            if (at >= end) {
                return null;
            }
            return in.getByte(at) == '"' ? quoted() : plain();
        }

        private @Nullable String plain() {
            int from = at;
            if (!isIdentifierStart(in.getByte(at))) {
                return null;
            }
            var bytes = new byte[end - at];
            while (at < end && isIdentifier(in.getByte(at))) {
                byte c = in.getByte(at);
                bytes[at - from] = c >= 'A' && c <= 'Z' ? (byte) (c | 0x20) : c;
                at++;
            }
            boolean special = at < end && in.getByte(at) == '&'; // U&"..."
            return special ? null : text(bytes, at - from);
        }

        private @Nullable String quoted() {
            var bytes = new byte[end - at];
            int length = 0;
            for (int i = at + 1; i < end; i++) {
                byte c = in.getByte(i);
                if (c == '"') {
                    if (i + 1 < end && in.getByte(i + 1) == '"') {
                        i++;
                    } else {
                        at = i + 1;
                        return length == 0 ? null : text(bytes, length);
                    }
                }
                bytes[length++] = c;
            }
            return null;
        }

        private static String text(byte[] bytes, int length) {
            return new String(
                    bytes, 0, Math.min(length, MAX_NAME_BYTES), StandardCharsets.ISO_8859_1);
        }

        private static boolean isIdentifierStart(int c) {
            return c < 0 || c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        }

        private static boolean isIdentifier(int c) {
            return isIdentifierStart(c) || c == '$' || (c >= '0' && c <= '9');
        }
    }
}
