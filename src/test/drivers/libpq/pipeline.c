/* libpq: pipelines in all the shapes an application may give them, COPY, single-row mode, cancel requests. */
#include <libpq-fe.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLIENTS = 20, ROUNDS = 6, STATEMENTS = 12, ACCOUNTS = 50 };

static PGconn *conn;
static int client;
static int now; /* the round */
static const char *doing;

static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("client %d, round %d, %s: ", client, now, doing);
    vprintf(format, arguments);
    printf(" (%s)\n", PQerrorMessage(conn));
    va_end(arguments);
    exit(1);
}

static void check(int done, const char *what) {
    if (!done) {
        fail("%s", what);
    }
}

/* The next result has this status, and its only value is this one. */
static void expect(ExecStatusType status, const char *value) {
    PGresult *result = PQgetResult(conn);
    ExecStatusType actual = PQresultStatus(result);
    if (actual != status) {
        fail("%s, not %s: %s", PQresStatus(actual), PQresStatus(status), PQresultErrorMessage(result));
    }
    if (value != NULL && (PQntuples(result) != 1 || strcmp(PQgetvalue(result, 0, 0), value) != 0)) {
        fail("not %s", value);
    }
    PQclear(result);
}

static void expect_error(ExecStatusType status, const char *state) {
    PGresult *result = PQgetResult(conn);
    if (PQresultStatus(result) != status) {
        fail("%s, not %s", PQresStatus(PQresultStatus(result)), PQresStatus(status));
    }
    if (state != NULL && strcmp(PQresultErrorField(result, PG_DIAG_SQLSTATE), state) != 0) {
        fail("not the error %s", state);
    }
    PQclear(result);
}

static void expect_end(void) {
    PGresult *result = PQgetResult(conn);
    if (result != NULL) {
        fail("one result too many: %s", PQresStatus(PQresultStatus(result)));
    }
}

static void ask(const char *sql, const char *value) {
    check(PQsendQueryParams(conn, sql, 1, NULL, &value, NULL, NULL, 0), sql);
}

static void run(const char *sql) {
    PGresult *result = PQexec(conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail("%s", sql);
    }
    PQclear(result);
}

static const char *text(int number) {
    static char buffer[4][32];
    static int next;
    next = (next + 1) % 4;
    snprintf(buffer[next], sizeof buffer[next], "%d", number);
    return buffer[next];
}

/* Many statements behind one Sync, prepared ones among them. */
static void simple_pipeline(int round) {
    check(PQenterPipelineMode(conn), "pipeline mode");
    check(PQsendPrepare(conn, "added", "SELECT $1::int + 1", 0, NULL), "prepare");
    for (int i = 0; i < STATEMENTS; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT $1::int + %d", i);
        ask(sql, text(round));
    }
    const char *value = text(round);
    check(PQsendQueryPrepared(conn, "added", 1, &value, NULL, NULL, 0), "execute");
    check(PQsendDescribePrepared(conn, "added"), "describe");
    check(PQpipelineSync(conn), "sync");
    expect(PGRES_COMMAND_OK, NULL);
    expect_end();
    for (int i = 0; i < STATEMENTS; i++) {
        expect(PGRES_TUPLES_OK, text(round + i));
        expect_end();
    }
    expect(PGRES_TUPLES_OK, text(round + 1));
    expect_end();
    expect(PGRES_COMMAND_OK, NULL);
    expect_end();
    expect(PGRES_PIPELINE_SYNC, NULL);
    check(PQexitPipelineMode(conn), "end of pipeline mode");
    run("DEALLOCATE added");
}

/* An error skips what follows up to the Sync, and nothing behind it. */
static void aborted_pipeline(int round) {
    check(PQenterPipelineMode(conn), "pipeline mode");
    ask("SELECT $1::int * 2", text(round));
    ask("SELECT 10 / $1::int", "0");
    ask("SELECT $1::int * 3", text(round));
    check(PQsendPrepare(conn, "skipped", "SELECT 1", 0, NULL), "prepare");
    check(PQpipelineSync(conn), "sync");
    ask("SELECT $1::int * 3", text(round));
    check(PQpipelineSync(conn), "sync");
    expect(PGRES_TUPLES_OK, text(round * 2));
    expect_end();
    expect_error(PGRES_FATAL_ERROR, "22012");
    expect_end();
    expect_error(PGRES_PIPELINE_ABORTED, NULL);
    expect_end();
    expect_error(PGRES_PIPELINE_ABORTED, NULL);
    expect_end();
    expect(PGRES_PIPELINE_SYNC, NULL);
    expect(PGRES_TUPLES_OK, text(round * 3));
    expect_end();
    expect(PGRES_PIPELINE_SYNC, NULL);
    check(PQsendQueryPrepared(conn, "skipped", 0, NULL, NULL, NULL, 0), "execute");
    check(PQpipelineSync(conn), "sync");
    expect_error(PGRES_FATAL_ERROR, "26000");
    expect_end();
    expect(PGRES_PIPELINE_SYNC, NULL);
    check(PQexitPipelineMode(conn), "end of pipeline mode");
}

/* Results are asked for by Flush; the Sync comes much later. */
static void flushed_pipeline(int round) {
    check(PQenterPipelineMode(conn), "pipeline mode");
    for (int i = 0; i < STATEMENTS; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT $1::int - %d", i);
        ask(sql, text(round));
        check(PQsendFlushRequest(conn), "flush request");
        check(PQflush(conn) == 0, "flush");
        expect(PGRES_TUPLES_OK, text(round - i));
        expect_end();
    }
    check(PQpipelineSync(conn), "sync");
    expect(PGRES_PIPELINE_SYNC, NULL);
    check(PQexitPipelineMode(conn), "end of pipeline mode");
}

/* Transactions begun and ended within pipelines, one of them failing. */
static void transactions(int round) {
    int source = 1 + (client + round) % (ACCOUNTS - 1);
    check(PQenterPipelineMode(conn), "pipeline mode");
    for (int pass = 0; pass < 2; pass++) {
        check(PQsendQueryParams(conn, "BEGIN", 0, NULL, NULL, NULL, NULL, 0), "begin");
        ask("UPDATE account SET balance = balance - 5 WHERE id = $1 RETURNING 1", text(source));
        ask("UPDATE account SET balance = balance + 5 WHERE id = $1 RETURNING 1", text(source + 1));
        if (pass == 1) {
            ask("SELECT 10 / $1::int", "0");
        }
        check(PQsendQueryParams(conn, "COMMIT", 0, NULL, NULL, NULL, NULL, 0), "commit");
        check(PQpipelineSync(conn), "sync");
    }
    check(PQsendQueryParams(conn, "ROLLBACK", 0, NULL, NULL, NULL, NULL, 0), "rollback");
    check(PQpipelineSync(conn), "sync");
    for (int pass = 0; pass < 2; pass++) {
        expect(PGRES_COMMAND_OK, NULL);
        expect_end();
        expect(PGRES_TUPLES_OK, "1");
        expect_end();
        expect(PGRES_TUPLES_OK, "1");
        expect_end();
        if (pass == 1) {
            expect_error(PGRES_FATAL_ERROR, "22012");
            expect_end();
            expect_error(PGRES_PIPELINE_ABORTED, NULL);
        } else {
            expect(PGRES_COMMAND_OK, NULL);
        }
        expect_end();
        expect(PGRES_PIPELINE_SYNC, NULL);
    }
    expect(PGRES_COMMAND_OK, NULL);
    expect_end();
    expect(PGRES_PIPELINE_SYNC, NULL);
    check(PQexitPipelineMode(conn), "end of pipeline mode");
}

static void single_rows(int round) {
    check(PQenterPipelineMode(conn), "pipeline mode");
    ask("SELECT generate_series(1, $1::int)", text(round + 5));
    ask("SELECT $1::int", text(round));
    check(PQpipelineSync(conn), "sync");
    check(PQsetSingleRowMode(conn), "single-row mode");
    for (int i = 1; i <= round + 5; i++) {
        expect(PGRES_SINGLE_TUPLE, text(i));
    }
    expect(PGRES_TUPLES_OK, NULL);
    expect_end();
    expect(PGRES_TUPLES_OK, text(round));
    expect_end();
    expect(PGRES_PIPELINE_SYNC, NULL);
    check(PQexitPipelineMode(conn), "end of pipeline mode");
}

static void copy(int round) {
    run("BEGIN");
    run("CREATE TEMP TABLE copied (n int) ON COMMIT DROP");
    check(PQsendQuery(conn, "COPY copied FROM STDIN"), "copy");
    expect(PGRES_COPY_IN, NULL);
    for (int i = 0; i < 100; i++) {
        char line[32];
        int length = snprintf(line, sizeof line, "%d\n", round + i);
        check(PQputCopyData(conn, line, length) == 1, "copy data");
    }
    check(PQputCopyEnd(conn, NULL) == 1, "end of copy");
    expect(PGRES_COMMAND_OK, NULL);
    expect_end();
    check(PQsendQuery(conn, "COPY copied TO STDOUT"), "copy");
    expect(PGRES_COPY_OUT, NULL);
    for (int i = 0; i < 100; i++) {
        char *line;
        check(PQgetCopyData(conn, &line, 0) > 0 && atoi(line) == round + i, "copied line");
        PQfreemem(line);
    }
    char *rest;
    check(PQgetCopyData(conn, &rest, 0) == -1, "end of copied lines");
    expect(PGRES_COMMAND_OK, NULL);
    expect_end();
    run("COMMIT");
    check(PQsendQuery(conn, "COPY account FROM STDIN"), "copy");
    expect(PGRES_COPY_IN, NULL);
    check(PQputCopyEnd(conn, "changed my mind") == 1, "failing copy");
    expect_error(PGRES_FATAL_ERROR, "57014");
    expect_end();
}

static void cancel(int round) {
    char error[256];
    if (round != 1) {
        return;
    }
    PGcancel *request = PQgetCancel(conn);
    /* The request may come before the statement runs, which it then does not end. */
    check(PQsendQuery(conn, "SELECT pg_sleep(30)"), "sleep");
    struct pollfd readable = {PQsocket(conn), POLLIN, 0};
    do {
        check(PQcancel(request, error, sizeof error), "cancel request");
    } while (poll(&readable, 1, 100) == 0);
    expect_error(PGRES_FATAL_ERROR, "57014");
    expect_end();
    PQfreeCancel(request);
}

static void work(int round) {
    static const struct {
        const char *name;
        void (*run)(int);
    } scenarios[] = {
        {"simple pipeline", simple_pipeline}, {"aborted pipeline", aborted_pipeline},
        {"flushed pipeline", flushed_pipeline}, {"transactions", transactions},
        {"single rows", single_rows}, {"copy", copy}, {"cancel", cancel},
    };
    now = round;
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        doing = scenarios[i].name;
        scenarios[i].run(round);
    }
}

/* One client: says when it is half way, works until "on" ends, does as much again. */
static int live(int arrived, int on) {
    struct pollfd go_on = {on, POLLIN, 0};
    int round = 0;
    conn = PQconnectdb("");
    check(PQstatus(conn) == CONNECTION_OK, "connect");
    for (; round < ROUNDS; round++) {
        work(round);
    }
    check(write(arrived, "x", 1) == 1, "arrived");
    for (; poll(&go_on, 1, 0) == 0; round++) {
        work(round);
    }
    for (int last = round + ROUNDS; round < last; round++) {
        work(round);
    }
    PQfinish(conn);
    return 0;
}

int main(void) {
    int arrived[2];
    int on[2];
    char line[16];
    int code = pipe(arrived) || pipe(on);
    for (client = 0; client < CLIENTS; client++) {
        if (fork() == 0) {
            close(on[1]);
            return live(arrived[1], on[0]);
        }
    }
    close(arrived[1]);
    for (int i = 0; i < CLIENTS && code == 0; i++) {
        code = read(arrived[0], line, 1) != 1; /* closed when all have failed */
    }
    puts("half way");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL) {
        code = 1;
    }
    close(on[1]);
    for (int status; wait(&status) > 0;) {
        code |= status != 0;
    }
    if (code == 0) {
        puts("done");
    }
    return code;
}
