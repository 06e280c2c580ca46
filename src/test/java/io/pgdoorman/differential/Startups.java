package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;
import static io.pgdoorman.testing.Frontend.PROTOCOL_3_0;
import static io.pgdoorman.testing.Frontend.PROTOCOL_3_2;

import io.pgdoorman.testing.Frontend;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What a startup packet may ask for, and what it means for the session. */
final class Startups {
    private static final String SETTINGS =
            "SELECT name, setting FROM pg_settings WHERE name IN ('DateStyle', 'TimeZone',"
                    + " 'IntervalStyle', 'client_encoding', 'application_name', 'search_path',"
                    + " 'work_mem', 'geqo', 'statement_timeout', 'lock_timeout') ORDER BY name";

    private Startups() {}

    static List<Sequence> sequences() {
        var sequences = new ArrayList<Sequence>();
        Stream.of(
                        "DateStyle=German, DMY",
                        "TimeZone=America/New_York",
                        "IntervalStyle=sql_standard",
                        "client_encoding=LATIN1",
                        "standard_conforming_strings=off",
                        "search_path=pg_catalog, public",
                        "extra_float_digits=2",
                        "work_mem=3MB",
                        "statement_timeout=12345",
                        "default_transaction_isolation=serializable",
                        "my.own=value",
                        "application_name=",
                        "geqo=off")
                .map(pair -> pair.split("=", -1))
                .forEach(pair -> sequences.add(parameter(pair[0], pair[1])));
        sequences.add(applicationName());
        Stream.of(
                        "-c work_mem=4MB",
                        "-cwork_mem=5MB",
                        "--work-mem=6MB",
                        "--work_mem=7MB -c geqo=off",
                        "-c DateStyle=German -c application_name=a\\ b\\\\c",
                        "-c search_path=pg_catalog",
                        "-c my.own=x",
                        "-c timezone=UTC -c TimeZone=Asia/Tokyo",
                        "",
                        "  ",
                        "-S 2048",
                        "-c statement_timeout=5s -c lock_timeout=4s")
                .forEach(options -> sequences.add(options(options)));
        sequences.addAll(others());
        return sequences;
    }

    private static Sequence parameter(String name, String value) {
        String show = "SHOW " + name;
        return sequence(
                "startup parameter %s '%s'".formatted(name, value),
                login(name, value),
                query(show),
                ready(),
                run(show),
                sync(),
                ready(),
                query("BEGIN; SET LOCAL %s TO DEFAULT; %s; COMMIT".formatted(name, show)),
                ready(),
                query("RESET " + name),
                query(show),
                query("RESET ALL"),
                query(show),
                ready(4));
    }

    /**
     * A server is told a client's application_name by SET, so what goes back to it within one
     * message or pipeline shows the name the server logged in with.
     */
    private static Sequence applicationName() {
        String show = "SHOW application_name";
        return sequence(
                "startup parameter application_name",
                login("application_name", "an application"),
                query(show),
                ready(),
                query("SET application_name TO 'another'"),
                ready(),
                query("RESET application_name"),
                ready(),
                query(show),
                ready(),
                query("BEGIN; SET LOCAL application_name TO 'third'"),
                query("ROLLBACK"),
                query(show),
                ready(3),
                query("RESET ALL"),
                ready(),
                run(show),
                sync(),
                ready());
    }

    private static Sequence options(String options) {
        return sequence(
                "options '%s'".formatted(options),
                login("options", options),
                query(SETTINGS),
                ready(),
                query("RESET ALL"),
                query(SETTINGS),
                ready(2));
    }

    private static List<Sequence> others() {
        return List.of(
                sequence("login", login(), query("SELECT 1"), ready()),
                sequence("login and terminate", login(), terminate(), end()),
                sequence(
                        "login and drop, again and again",
                        login(),
                        drop(),
                        login(),
                        drop(),
                        login(),
                        reset(),
                        login()),
                sequence(
                        "all at once",
                        login(
                                "DateStyle",
                                "German",
                                "options",
                                "-c work_mem=4MB -c my.own=1",
                                "application_name",
                                "x",
                                "client_encoding",
                                "LATIN1",
                                "TimeZone",
                                "UTC"),
                        query(SETTINGS),
                        ready()),
                sequence(
                        "parameter and options disagree",
                        login("work_mem", "3MB", "options", "-c work_mem=4MB"),
                        query("SHOW work_mem"),
                        ready()),
                sequence(
                                "two clients with different parameters",
                                as("a"),
                                login("work_mem", "3MB", "DateStyle", "German"),
                                as("b"),
                                login("work_mem", "4MB"),
                                query(SETTINGS),
                                ready(),
                                as("a"),
                                query(SETTINGS),
                                ready(),
                                as("b"),
                                query("RESET ALL"),
                                query(SETTINGS),
                                ready(2),
                                as("a"),
                                query("RESET ALL"),
                                query(SETTINGS),
                                ready(2))
                        .onServers(2),
                sequence(
                        "parameter set, changed and reset to the startup value",
                        login("DateStyle", "German"),
                        query("SET DateStyle TO SQL"),
                        query("SHOW DateStyle"),
                        query("RESET DateStyle"),
                        query("SHOW DateStyle"),
                        query("SET DateStyle TO DEFAULT"),
                        query("SHOW DateStyle"),
                        ready(6)),
                sequence("unknown parameter", login("nonsense", "1"), end()),
                sequence("bad value", login("work_mem", "much"), end()),
                sequence("parameter that cannot be set", login("server_version", "1"), end()),
                sequence(
                        "parameter above the rights of the user",
                        login("session_preload_libraries", "x"),
                        end()),
                sequence("unknown parameter in options", login("options", "-c nonsense=1"), end()),
                sequence("bad switch in options", login("options", "-Z"), end()),
                sequence(
                        "replication off",
                        login("replication", "false"),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "names in another case",
                        login("datestyle", "German", "TIMEZONE", "UTC", "Application_Name", "x"),
                        query(SETTINGS),
                        ready()),
                sequence(
                        "a parameter twice",
                        connect(),
                        startupTwice("work_mem", "3MB", "5MB"),
                        loginAnswer(),
                        query("SHOW work_mem"),
                        ready()),
                sequence(
                        "name of an application in another encoding",
                        login("application_name", "Grüße ✓"),
                        query("SHOW application_name"),
                        ready()),
                sequence(
                                "long value",
                                login("application_name", "x".repeat(3000)),
                                query("SHOW application_name"),
                                ready())
                        .answeredByThePooler(),
                sequence(
                        "SSLRequest, then startup",
                        connect(),
                        bytes(Frontend.sslRequest()),
                        oneByte(),
                        startup(PROTOCOL_3_0),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "GSSENCRequest, then startup",
                        connect(),
                        bytes(Frontend.gssEncRequest()),
                        oneByte(),
                        startup(PROTOCOL_3_0),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "GSSENCRequest, SSLRequest, then startup",
                        connect(),
                        bytes(Frontend.gssEncRequest()),
                        oneByte(),
                        bytes(Frontend.sslRequest()),
                        oneByte(),
                        startup(PROTOCOL_3_0),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "SSLRequest, GSSENCRequest, then startup",
                        connect(),
                        bytes(Frontend.sslRequest()),
                        oneByte(),
                        bytes(Frontend.gssEncRequest()),
                        oneByte(),
                        startup(PROTOCOL_3_0),
                        query("SELECT 1"),
                        ready()),
                sequence("protocol 3.2", loginWith(PROTOCOL_3_2), query("SELECT 1"), ready()),
                sequence("protocol 3.1", loginWith(PROTOCOL_3_0 + 1), query("SELECT 1"), ready()),
                sequence("protocol 3.3", loginWith(PROTOCOL_3_2 + 1), query("SELECT 1"), ready()),
                sequence(
                        "protocol 3.9999",
                        loginWith(PROTOCOL_3_0 + 9999),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "unknown protocol option",
                        loginWith(PROTOCOL_3_0, "_pq_.nonsense", "1"),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "unknown protocol options and a minor version",
                        loginWith(
                                PROTOCOL_3_2 + 1,
                                "_pq_.one",
                                "1",
                                "work_mem",
                                "3MB",
                                "_pq_.two",
                                ""),
                        query("SHOW work_mem"),
                        ready()),
                sequence(
                                "protocol 2.0",
                                connect(),
                                bytes(Frontend.startup(2 << 16, Map.of("user", "app"))),
                                end())
                        .answeredByThePooler(),
                sequence(
                                "protocol 4.0",
                                connect(),
                                bytes(Frontend.startup(4 << 16, Map.of("user", "app"))),
                                end())
                        .answeredByThePooler(),
                sequence(
                        "startup byte by byte",
                        connect(),
                        pieces(1),
                        startup(PROTOCOL_3_0, "work_mem", "3MB"),
                        query("SHOW work_mem"),
                        ready()),
                sequence(
                        "queries sent with the startup packet",
                        connect(),
                        startupAndQueries(),
                        loginAnswer(),
                        ready(2)));
    }

    private static Sequence.Step startupAndQueries() {
        return stage ->
                stage.client()
                        .send(
                                startupPacket(stage),
                                Frontend.query("SELECT 1"),
                                Frontend.query("SELECT 2"));
    }

    private static byte[] startupPacket(Stage stage) {
        return Frontend.startup(
                PROTOCOL_3_0, Map.of("user", "app", "database", stage.target().database()));
    }

    /** A startup packet that names {@code parameter} twice. */
    private static Sequence.Step startupTwice(String parameter, String first, String second) {
        return stage -> {
            byte[] packet = startupPacket(stage);
            byte[] more =
                    "%s\0%s\0%s\0%s\0\0"
                            .formatted(parameter, first, parameter, second)
                            .getBytes(StandardCharsets.UTF_8);
            byte[] longer = Arrays.copyOf(packet, packet.length - 1 + more.length);
            System.arraycopy(more, 0, longer, packet.length - 1, more.length);
            System.arraycopy(Frontend.int32(longer.length), 0, longer, 0, Integer.BYTES);
            stage.client().send(longer);
        };
    }

    private static Sequence.Step loginAnswer() {
        return stage -> stage.recordLogin(stage.client().readLogin("app", ""));
    }
}
