package io.pgdoorman.session;

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

    static void admitted(LoginHandler login, String identity) {
        LOG.info(
                "{} login admitted: {} identity={}", login, circumstances(login), quoted(identity));
    }

    static void refused(LoginHandler login, String sqlState, String reason) {
        LOG.info(
                "{} login refused: {} sqlstate={} reason={}",
                login,
                circumstances(login),
                sqlState,
                quoted(reason));
    }

    private static String circumstances(LoginHandler login) {
        var decided = login.begun().filter(Admission::isDecided);
        return "user=%s database=%s from=%s tls=%s method=%s rule=%s certificate=%s"
                .formatted(
                        quoted(login.asked().map(StartupRequest::user).orElse("")),
                        quoted(login.asked().map(StartupRequest::database).orElse("")),
                        login.peer(),
                        login.isEncrypted() ? "on" : "off",
                        decided.map(admission -> text(admission.method())).orElse("none"),
                        quoted(decided.map(Admission::place).orElse("")),
                        quoted(
                                login.begun()
                                        .map(begun -> begun.client().certificate())
                                        .orElse("")));
    }

    private static String text(HbaMethod method) {
        return method == HbaMethod.BY_SECRET ? "by-secret" : method.text();
    }

    /** A client chooses its names: none of them begins another line or another field. */
    private static String quoted(String text) {
        String part = text.length() > MAX_NAME ? text.substring(0, MAX_NAME) + "..." : text;
        return '"' + part.replaceAll("\\p{Cntrl}", "?").replace("\"", "\"\"") + '"';
    }
}
