"""psycopg 3: statements prepared by its own threshold, pipelines, COPY, server-side cursors."""

import psycopg

from fleet import ACCOUNTS, STATEMENTS, equal, run_threads


class Client:
    def __init__(self, number):
        self.number = number
        self.connection = psycopg.connect(autocommit=True)
        if number % 4 == 2:
            self.connection.prepare_threshold = 0
        if number % 4 == 3:
            self.connection.prepared_max = 3  # the driver deallocates what is more

    def round(self, number):
        self.statements(number)
        self.transaction(number)
        self.failure(number)
        self.pipeline(number)
        self.failing_pipeline(number)
        self.many(number)
        self.copy(number)
        self.cursor(number)
        if number % 4 == 3:
            self.connection.execute("DEALLOCATE ALL" if number % 8 == 3 else "DISCARD ALL")

    def value(self, sql, *values):
        return self.connection.execute(sql, values).fetchone()[0]

    def statements(self, number):
        for i in range(STATEMENTS):
            row = self.connection.execute(f"SELECT %s::int + {i}, %s::text", (number, f"of {self.number}")).fetchone()
            equal(row, (number + i, f"of {self.number}"))
        equal(self.value("SELECT %b::int * 2", number), 2 * number)
        equal(self.value("SELECT %s::int[]", [number, self.number]), [number, self.number])

    def transaction(self, number):
        source = 1 + (self.number + number) % (ACCOUNTS - 1)
        add = "UPDATE account SET balance = balance + %s WHERE id = %s"
        with self.connection.transaction(force_rollback=number % 3 == 0):
            equal(self.connection.execute(add, (-5, source)).rowcount, 1)
            try:
                with self.connection.transaction():
                    self.connection.execute(add, (-1, source))
                    self.connection.execute("SELECT 10 / %s::int", (0,))
                raise AssertionError("no error")
            except psycopg.errors.DivisionByZero:
                pass
            equal(self.connection.execute(add, (5, source + 1)).rowcount, 1)

    def failure(self, number):
        try:
            self.value("SELECT 10 / %s::int", 0)
            raise AssertionError("no error")
        except psycopg.errors.DivisionByZero:
            pass
        equal(self.value("SELECT 10 / %s::int", 5), 2)
        try:
            self.value("SELECT %s::int FROM nowhere", number)
            raise AssertionError("no error")
        except psycopg.errors.UndefinedTable:
            pass

    def pipeline(self, number):
        with self.connection.pipeline() as pipeline:
            cursors = [
                self.connection.execute(f"SELECT %s::int * {i}, %s::text", (number, "piped")) for i in range(STATEMENTS)
            ]
            pipeline.sync()
            cursors += [self.connection.execute("SELECT %s::int + 1, %s::text", (i, "more")) for i in range(5)]
            for i, cursor in enumerate(cursors[:STATEMENTS]):
                equal(cursor.fetchone(), (number * i, "piped"))
            for i, cursor in enumerate(cursors[STATEMENTS:]):
                equal(cursor.fetchone(), (i + 1, "more"))

    def failing_pipeline(self, number):
        try:
            with self.connection.pipeline():
                before = self.connection.execute("SELECT %s::int", (number,))
                self.connection.execute("SELECT 10 / %s::int", (0,))
                skipped = self.connection.execute("SELECT %s::int + 5", (number,))
            raise AssertionError("no error")
        except psycopg.errors.DivisionByZero:
            equal(before.fetchone(), (number,))
        equal(self.value("SELECT %s::int + 5", number), number + 5)

    def many(self, number):
        with self.connection.transaction(), self.connection.cursor() as cursor:
            events = [(self.number, number, f"event {i}") for i in range(10)]
            cursor.executemany("INSERT INTO event (client, round, name) VALUES (%s, %s, %s)", events)
            equal(cursor.rowcount, 10)
        equal(
            self.value("SELECT count(*) FROM event WHERE client = %s AND round = %s", self.number, number),
            10,
        )
        equal(self.connection.execute("DELETE FROM event WHERE client = %s", (self.number,)).rowcount, 10)

    def copy(self, number):
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE copied (n int, name text) ON COMMIT DROP")
            with cursor.copy("COPY copied FROM STDIN") as copy:
                for i in range(100):
                    copy.write_row((number + i, f"line {i}"))
            with cursor.copy("COPY copied TO STDOUT") as copy:
                copy.set_types(["int4", "text"])
                equal(list(copy.rows()), [(number + i, f"line {i}") for i in range(100)])
        try:
            with self.connection.cursor() as cursor, cursor.copy("COPY account FROM STDIN") as copy:
                copy.write("no number\n")
            raise AssertionError("no error")
        except psycopg.errors.InvalidTextRepresentation:
            pass

    def cursor(self, number):
        with self.connection.transaction(), self.connection.cursor(name="portal") as cursor:
            cursor.itersize = 30
            cursor.execute("SELECT generate_series(%s::int, %s::int)", (number, number + 99))
            equal([row[0] for row in cursor], list(range(number, number + 100)))

    def close(self):
        self.connection.close()


run_threads(Client)
