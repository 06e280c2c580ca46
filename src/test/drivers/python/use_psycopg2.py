"""psycopg2: simple queries with the values in them, named cursors, COPY, PREPARE as an application writes it."""

import io

import psycopg2
import psycopg2.errors
import psycopg2.extras

from fleet import ACCOUNTS, STATEMENTS, equal, run_threads


class Client:
    def __init__(self, number):
        self.number = number
        self.connection = psycopg2.connect("")

    def round(self, number):
        with self.connection, self.connection.cursor() as cursor:
            for i in range(STATEMENTS):
                cursor.execute(f"SELECT %s + {i}, %s", (number, f"of {self.number}"))
                equal(cursor.fetchall(), [(number + i, f"of {self.number}")])
            psycopg2.extras.execute_batch(
                cursor,
                "INSERT INTO event (client, round, name) VALUES (%s, %s, %s)",
                [(self.number, number, f"event {i}") for i in range(10)],
            )
            rows = psycopg2.extras.execute_values(
                cursor,
                "INSERT INTO event (client, round, name) VALUES %s RETURNING name",
                [(self.number, number, f"value {i}") for i in range(10)],
                fetch=True,
            )
            equal(rows, [(f"value {i}",) for i in range(10)])
        self.transfer(number)
        self.failure(number)
        self.prepare(number)
        self.copy(number)
        self.cursor(number)

    def transfer(self, number):
        source = 1 + (self.number + number) % (ACCOUNTS - 1)
        with self.connection.cursor() as cursor:
            cursor.execute("UPDATE account SET balance = balance - 5 WHERE id = %s", (source,))
            equal(cursor.rowcount, 1)
            cursor.execute("UPDATE account SET balance = balance + 5 WHERE id = %s", (source + 1,))
            equal(cursor.rowcount, 1)
        if number % 3 == 0:
            self.connection.rollback()
        else:
            self.connection.commit()

    def failure(self, number):
        with self.connection.cursor() as cursor:
            try:
                cursor.execute("SELECT 10 / %s", (0,))
                raise AssertionError("no error")
            except psycopg2.errors.DivisionByZero:
                pass
            try:
                cursor.execute("SELECT 1")
                raise AssertionError("no error")
            except psycopg2.errors.InFailedSqlTransaction:
                self.connection.rollback()
            cursor.execute("SELECT %s", (number,))
            equal(cursor.fetchone(), (number,))
        self.connection.commit()

    def prepare(self, number):
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute("PREPARE doubled (int) AS SELECT $1 * 2")
            cursor.execute("EXECUTE doubled (%s)", (number,))
            equal(cursor.fetchone(), (2 * number,))
            cursor.execute("DEALLOCATE doubled")

    def copy(self, number):
        lines = "".join(f"{number + i}\tline {i}\n" for i in range(100))
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE copied (n int, name text) ON COMMIT DROP")
            cursor.copy_expert("COPY copied FROM STDIN", io.StringIO(lines))
            out = io.StringIO()
            cursor.copy_expert("COPY copied TO STDOUT", out)
            equal(out.getvalue(), lines)

    def cursor(self, number):
        with self.connection, self.connection.cursor(name="portal") as cursor:
            cursor.itersize = 30
            cursor.execute("SELECT generate_series(%s, %s)", (number, number + 99))
            equal([row[0] for row in cursor], list(range(number, number + 100)))

    def close(self):
        self.connection.close()


run_threads(Client)
