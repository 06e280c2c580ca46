package io.pgdoorman.session;

import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.config.HbaMethod;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line for each login that ends, whatever else is logged: who, from where, by which rule, and
 * how it ended. For the setting {@code audit_log}. Threads: no state.
 */
final class AuditLog {
    /** A name of its own, so that a filter can send it its own way. */
    private static final Logger LOG = LoggerFactory.getLogger("io.pgdoorman.audit");

    private static final int MAX_NAME = 128;

    private AuditLog() {}

    static void admitted(LoginHandler login, Admission admission, String identity) {
        LOG.info(
                "{} login admitted: {} identity={}",
                login,
                circumstances(admission),
                quoted(identity));
    }

    static void refused(LoginHandler login, Admission admission, String sqlState, String reason) {
        LOG.info(
                "{} login refused: {} sqlstate={} reason={}",
                login,
                circumstances(admission),
                sqlState,
                quoted(reason));
    }

    private static String circumstances(Admission admission) {
        ClientLogin client = admission.client();
        HbaMethod method = admission.method();
        return "user=%s database=%s from=%s tls=%s method=%s rule=%s certificate=%s"
                .formatted(
                        quoted(client.user()),
                        quoted(client.database()),
                        client.peer(),
                        client.tls() ? "on" : "off",
                        method == HbaMethod.BY_SECRET ? "by-secret" : method.text(),
                        quoted(admission.place()),
                        quoted(client.certificate()));
    }

    /** A client chooses its names: none of them begins another line or another field. */
    private static String quoted(String text) {
        String part = text.length() > MAX_NAME ? text.substring(0, MAX_NAME) + "..." : text;
        return '"' + part.replaceAll("\\p{Cntrl}", "?").replace("\"", "\"\"") + '"';
    }
}
