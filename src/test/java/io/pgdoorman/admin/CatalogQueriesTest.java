package io.pgdoorman.admin;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.List;

/** Queries are made after those of Npgsql 4.0, 4.1 and 6. */
class CatalogQueriesTest {
    private static @Nullable Table answer(String query) throws ConsoleException {
        List<List<CommandLexer.Word>> commands = CommandLexer.commands(query);
        assertThat(commands).hasSize(1);
        return CatalogQueries.answer(commands.getFirst(), "1.2.3");
    }

    private static List<String> columns(@Nullable Table table) {
        assertThat(table).isNotNull();
        return table.columns().stream().map(Column::name).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT version()", "select pg_catalog.version() ;"})
    void version(String query) throws Exception {
        Table table = answer(query);

        assertThat(columns(table)).containsExactly("version");
        assertThat(table.texts()).containsExactly(List.of("PgDoorman 1.2.3"));
    }

    @Test
    void typesInColumnsOfTheirOwnNames() throws Exception {
        Table table =
                answer(
                        "SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid"
                                + " FROM (SELECT typ.oid FROM (SELECT 1 FROM pg_type AS typ) AS typ"
                                + " JOIN pg_namespace AS ns ON (ns.oid = typnamespace)) AS t");

        assertThat(columns(table))
                .containsExactly(
                        "nspname", "oid", "typname", "typtype", "typnotnull", "elemtypoid");
        assertThat(table.texts())
                .contains(
                        Arrays.asList("pg_catalog", "25", "text", "b", "f", null),
                        Arrays.asList("pg_catalog", "23", "int4", "b", "f", null),
                        Arrays.asList("pg_catalog", "1700", "numeric", "b", "f", null));
    }

    @Test
    void typesInColumnsNamedByAsBehindExpressionsWithCommas() throws Exception {
        Table table =
                answer(
                        "/*** types ***/ SELECT ns.nspname, a.oid,"
                                + " CASE WHEN p.proname='array_recv' THEN 'a' ELSE a.typtype END AS type,"
                                + " CASE WHEN p.proname IN ('x, y','oidvectorrecv') THEN 3 /* , last */"
                                + " ELSE coalesce(a.typelem, 0) END AS ord"
                                + " FROM pg_type AS a JOIN pg_namespace AS ns ON (ns.oid = a.typnamespace)"
                                + " ORDER BY ord");

        assertThat(columns(table)).containsExactly("nspname", "oid", "type", "ord");
        assertThat(table.texts()).contains(List.of("pg_catalog", "25", "b", "0"));
    }

    @Test
    void starIsWhatTheSubqueryHas() throws Exception {
        Table table =
                answer(
                        "SELECT ns.nspname, both.*, 0 AS ord FROM (SELECT typ.oid, typ.typname,"
                                + " elem.oid AS elemtypoid FROM (SELECT x.* FROM pg_type) AS typ) AS both"
                                + " JOIN pg_namespace AS ns ON (true)");

        assertThat(columns(table))
                .containsExactly("nspname", "oid", "typname", "elemtypoid", "ord");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT typ.oid, att.attname, att.atttypid FROM pg_type AS typ JOIN pg_attribute AS"
                        + " att ON (att.attrelid = typ.typrelid) ORDER BY typ.oid",
                "SELECT pg_type.oid, enumlabel, 1 AS x FROM pg_enum JOIN pg_type ON pg_type.oid=enumtypid"
            })
    void noCompositeAndNoEnumTypes(String query) throws Exception {
        Table table = answer(query);

        assertThat(columns(table)).hasSize(3).startsWith("oid");
        assertThat(table.texts()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT",
                "SELECT 1",
                "SELECT version() , 1",
                "SELECT FROM",
                "SELECT * FROM pg_class",
                "SELECT 'x FROM pg_type'",
                "SELECT name FROM pg_catalog.pg_settings"
            })
    void otherQueriesAreNotForIt(String query) throws Exception {
        assertThat(answer(query)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT FROM pg_type",
                "SELECT * FROM pg_type",
                "SELECT a.* FROM",
                "SELECT a.*, FROM FROM pg_type",
                "SELECT ) FROM pg_type",
                "SELECT ((((a FROM pg_type",
                "SELECT \"pg_type\" FROM pg_type , FROM"
            })
    void nonsenseIsNoFault(String query) throws Exception {
        Table table = answer(query);

        if (table != null) {
            assertThat(table.columns()).isNotNull();
        }
    }

    @Test
    void depthOfQueriesIsNotThatOfTheStack() throws Exception {
        String query = "SELECT a.* FROM ( ".repeat(100_000) + "SELECT oid FROM pg_type";

        assertThat(columns(answer(query))).isNotEmpty();
    }
}
