package io.pgdoorman.secret;

import org.jspecify.annotations.Nullable;

/**
 * libpq's password file: lines of {@code host:port:database:user:password}, of which the first that
 * fits counts. {@code *} fits everything, a backslash takes the meaning from a colon or a
 * backslash, {@code #} begins a comment line. Threads: no state.
 *
 * @see <a href="https://www.postgresql.org/docs/current/libpq-pgpass.html">The Password File</a>
 */
final class PassFile {
    /** The directories where libpq looks for sockets unless told otherwise. */
    private static final String[] DEFAULT_SOCKET_DIRECTORIES = {
        "/tmp", "/var/run/postgresql", "/run/postgresql"
    };

    private PassFile() {}

    /** The password of a login; null if no line fits. */
    static @Nullable String find(String text, SecretOrigin.PassFile login) {
        String host = hostOf(login.host());
        String port = Integer.toString(login.port());
        for (String line : text.split("\\r?\\n")) {
            if (line.startsWith("#")) {
                continue;
            }
            int at = match(line, 0, host);
            at = match(line, at, port);
            at = match(line, at, login.database());
            at = match(line, at, login.user());
            if (at >= 0) {
                return unescaped(line, at);
            }
        }
        return null;
    }

    private static String hostOf(String host) {
        for (String directory : DEFAULT_SOCKET_DIRECTORIES) {
            if (host.equals(directory)) {
                return "localhost";
            }
        }
        return host;
    }

    /** Where the next field begins, if the one at {@code from} fits; else -1. */
    private static int match(String line, int from, String wanted) {
        if (from < 0) {
            return -1;
        }
        if (line.startsWith("*:", from)) {
            return from + 2;
        }
        int at = from;
        int matched = 0;
        while (at < line.length()) {
            char c = line.charAt(at);
            if (c == ':') {
                return matched == wanted.length() ? at + 1 : -1;
            }
            if (c == '\\') {
                at++;
                if (at == line.length()) {
                    return -1;
                }
                c = line.charAt(at);
            }
            if (matched == wanted.length() || wanted.charAt(matched) != c) {
                return -1;
            }
            matched++;
            at++;
        }
        return -1;
    }

    private static String unescaped(String line, int from) {
        var out = new StringBuilder();
        int at = from;
        while (at < line.length() && line.charAt(at) != ':') {
            if (line.charAt(at) == '\\' && at + 1 < line.length()) {
                at++;
            }
            out.append(line.charAt(at));
            at++;
        }
        return out.toString();
    }
}
