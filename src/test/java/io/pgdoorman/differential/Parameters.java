package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Run-time parameters that change while a client is logged in. */
final class Parameters {
    private Parameters() {}

    static List<Sequence> sequences() {
        var sequences = new ArrayList<Sequence>();
        Stream.of(
                        "DateStyle=German",
                        "TimeZone=Asia/Tokyo",
                        "IntervalStyle=iso_8601",
                        "client_encoding=LATIN1",
                        "application_name=a name",
                        "standard_conforming_strings=off",
                        "search_path=pg_catalog",
                        "default_transaction_read_only=on")
                .map(pair -> pair.split("="))
                .forEach(pair -> sequences.addAll(reported(pair[0], pair[1])));
        sequences.addAll(others());
        return sequences;
    }

    /** A parameter whose changes PostgreSQL reports holds in every pool mode. */
    private static List<Sequence> reported(String name, String value) {
        String set = "SET %s TO '%s'".formatted(name, value);
        String show = "SHOW " + name;
        String sample =
                "SELECT '2024-02-29'::date, '1 day 02:00'::interval, '2024-02-29 12:00+00'::timestamptz, 'é'";
        return List.of(
                sequence(name + " set", query(set), ready(), query(show), query(sample), ready(2)),
                sequence(
                        name + " set and reset",
                        query(set),
                        query(show),
                        query("RESET " + name),
                        query(show),
                        ready(4)),
                sequence(
                                name + " set, another client in between",
                                query(set),
                                ready(),
                                as("b"),
                                query(show),
                                query(sample),
                                ready(2),
                                as("a"),
                                query(show),
                                query(sample),
                                ready(2))
                        .onServers(2),
                sequence(
                        name + " set locally",
                        query("BEGIN"),
                        query("SET LOCAL " + set.substring(4)),
                        query(show),
                        query("COMMIT"),
                        query(show),
                        ready(5)),
                sequence(
                        name + " set and rolled back",
                        query("BEGIN"),
                        query(set),
                        query(show),
                        query("ROLLBACK"),
                        query(show),
                        ready(5)),
                sequence(
                        name + " set by the extended protocol",
                        run(set),
                        run(show),
                        sync(),
                        ready(),
                        run(show),
                        sync(),
                        ready()),
                sequence(
                        name + " set, then an error in the same batch",
                        run(set),
                        run("SELECT 1/0"),
                        sync(),
                        ready(),
                        query(show),
                        ready()),
                sequence(
                        name + " set, then RESET ALL",
                        query(set),
                        ready(),
                        query("RESET ALL"),
                        ready(),
                        query(show),
                        ready()));
    }

    private static List<Sequence> others() {
        return List.of(
                sequence(
                        "set to its value again",
                        query("SHOW DateStyle"),
                        query("SET DateStyle TO 'ISO, MDY'"),
                        query("SET DateStyle TO 'ISO, MDY'"),
                        ready(3)),
                sequence(
                        "set by set_config",
                        query("SELECT set_config('DateStyle', 'SQL, DMY', false)"),
                        query("SHOW DateStyle"),
                        ready(2)),
                sequence(
                        "set twice in one Query",
                        query("SET DateStyle TO German; SET DateStyle TO SQL; SHOW DateStyle"),
                        ready()),
                sequence(
                        "set and reset in one Query",
                        query("SET DateStyle TO German; RESET DateStyle; SHOW DateStyle"),
                        ready()),
                sequence(
                        "set in a function",
                        query(
                                "DO $$BEGIN PERFORM set_config('TimeZone', 'Asia/Kolkata', false); END$$"),
                        query("SHOW TimeZone"),
                        ready(2)),
                sequence(
                        "value with quotes and backslashes",
                        query("SET application_name TO 'it''s \\ \"here\"'"),
                        query("SHOW application_name"),
                        query("SELECT 1"),
                        query("SHOW application_name"),
                        ready(4)),
                sequence(
                        "empty value",
                        query("SET application_name TO ''"),
                        query("SHOW application_name"),
                        ready(2)),
                sequence(
                        "search_path of several schemas",
                        query("SET search_path TO pg_catalog, \"$user\", public"),
                        query("SHOW search_path"),
                        query("SELECT count(*) FROM item"),
                        ready(3)),
                sequence(
                        "search_path with odd names",
                        query("SET search_path TO \"a b\", \"c\"\"d\", public"),
                        query("SHOW search_path"),
                        query("SHOW search_path"),
                        ready(3)),
                sequence(
                        "unknown parameter",
                        query("SET nonsense TO 1"),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "bad value",
                        query("SET DateStyle TO nonsense"),
                        query("SHOW DateStyle"),
                        ready(2)),
                sequence(
                        "parameter that cannot be set",
                        query("SET server_version TO '1'"),
                        query("SET block_size TO 1"),
                        ready(2)),
                sequence(
                        "permission to set is missing",
                        query("SET session_preload_libraries TO 'x'"),
                        ready()),
                sequence(
                                "custom parameter",
                                query("SET my.own TO 'x'"),
                                query("SHOW my.own"),
                                query("RESET my.own"),
                                query("SHOW my.own"),
                                ready(4))
                        .inSession(),
                sequence(
                                "set that nobody reports",
                                query("SET work_mem TO '9MB'"),
                                query("SHOW work_mem"),
                                query("RESET work_mem"),
                                query("SHOW work_mem"),
                                ready(4))
                        .inSession(),
                sequence(
                                "SET SESSION CHARACTERISTICS",
                                query(
                                        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY, ISOLATION LEVEL SERIALIZABLE"),
                                query("SHOW transaction_read_only; SHOW transaction_isolation"),
                                query("INSERT INTO scratch VALUES (1, 'a')"),
                                ready(3))
                        .inSession(),
                sequence(
                                "SET ROLE",
                                query("SET ROLE app"),
                                query("SELECT current_user, session_user"),
                                query("RESET ROLE"),
                                ready(3))
                        .inSession(),
                sequence(
                        "SET ROLE that is not allowed",
                        query("SET ROLE postgres"),
                        query("SELECT current_user"),
                        ready(2)),
                sequence(
                                "SET SESSION AUTHORIZATION",
                                query("SET SESSION AUTHORIZATION app"),
                                query("SELECT current_user, session_user"),
                                query("RESET SESSION AUTHORIZATION"),
                                ready(3))
                        .inSession(),
                sequence(
                        "SET CONSTRAINTS",
                        query("BEGIN; SET CONSTRAINTS ALL IMMEDIATE"),
                        query("INSERT INTO strict VALUES (1), (1)"),
                        query("ROLLBACK"),
                        ready(3)),
                sequence(
                        "client_encoding that does not exist",
                        query("SET client_encoding TO 'nonsense'"),
                        query("SHOW client_encoding"),
                        ready(2)),
                sequence(
                        "text that the client_encoding lacks",
                        query("SET client_encoding TO 'LATIN1'"),
                        ready(),
                        query("SELECT U&'\\2713'"),
                        ready(),
                        query("SELECT chr(233)"),
                        ready()),
                sequence(
                        "SHOW ALL of the reported ones",
                        query(
                                "SELECT name, setting FROM pg_settings WHERE name IN ('DateStyle', 'TimeZone', 'IntervalStyle', 'client_encoding', 'application_name', 'standard_conforming_strings', 'search_path', 'extra_float_digits', 'statement_timeout', 'work_mem') ORDER BY 1"),
                        ready()));
    }
}
