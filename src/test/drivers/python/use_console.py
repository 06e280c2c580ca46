"""The admin console by psycopg 3: text and binary results, prepared, in pipelines, with and without autocommit."""

import os
from decimal import Decimal

import psycopg

from fleet import equal, run_threads


class Client:
    def __init__(self, number):
        self.number = number
        self.binary = number % 4 >= 2
        self.connection = psycopg.connect(
            dbname="pgdoorman",
            user=os.environ["CONSOLE_USER"],
            password=os.environ["CONSOLE_PASSWORD"],
            autocommit=number % 2 == 0,
        )
        if number % 3 == 0:
            self.connection.prepare_threshold = 0

    def round(self, number):
        self.rows()
        self.error()
        self.pipeline()
        if not self.connection.autocommit:
            self.connection.commit() if number % 2 == 0 else self.connection.rollback()

    def show(self, command):
        cursor = self.connection.execute(command, binary=self.binary)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def rows(self):
        pools = self.show("SHOW POOLS")
        equal([pool["database"] for pool in pools], ["drivers", "single"])
        lists = {row["list"]: row["items"] for row in self.show("SHOW LISTS")}
        equal(lists["pools"], 3)
        interner = self.show("SHOW INTERNER")
        equal(interner[1], {"kind": "anonymous", "entries": Decimal(0), "bytes": Decimal(0)})
        equal(self.show("SHOW CLIENTS"), [])
        settings = {row["key"]: row["value"] for row in self.show("SHOW CONFIG")}
        equal(settings["pools.drivers.pool_mode"], "transaction")

    def error(self):
        try:
            self.connection.execute("SHOW POLS", prepare=False)
            raise AssertionError("no error")
        except psycopg.errors.SyntaxError as error:
            equal(error.diag.message_hint, "Did you mean POOLS?")
            equal(error.diag.severity, "ERROR")
        if not self.connection.autocommit:
            self.connection.rollback()

    def pipeline(self):
        with self.connection.pipeline():
            cursors = [self.connection.execute("SHOW VERSION", binary=self.binary) for _ in range(5)]
            versions = {cursor.fetchone()[0].split()[0] for cursor in cursors}
        equal(versions, {"PgDoorman"})

    def close(self):
        self.connection.close()


run_threads(Client)
