"""asyncpg: its cache of named statements, introspection of types, executemany, cursors, COPY, its own pool's reset."""

import asyncpg

from fleet import ACCOUNTS, STATEMENTS, equal, run_tasks


class Client:
    def __init__(self, number, connection):
        self.number = number
        self.connection = connection
        self.kept = None

    async def round(self, number):
        await self.statements(number)
        await self.transaction(number)
        await self.failure(number)
        await self.many(number)
        await self.copy(number)
        await self.cursor(number)
        if number % 4 == 3:
            await self.connection.reset()
        if number % 8 == 5:
            await self.connection.reload_schema_state()

    async def statements(self, number):
        for i in range(STATEMENTS):
            row = await self.connection.fetchrow(f"SELECT $1::int + {i}, $2::text", number, f"of {self.number}")
            equal(tuple(row), (number + i, f"of {self.number}"))
        if self.kept is None:
            self.kept = await self.connection.prepare("SELECT $1::int * 3")
        equal(await self.kept.fetchval(number), 3 * number)
        mood = await self.connection.fetchval("SELECT $1::mood", "happy")
        equal(mood, "happy")
        equal(await self.connection.fetchval("SELECT ARRAY[$1::mood]", "sad"), ["sad"])

    async def transaction(self, number):
        source = 1 + (self.number + number) % (ACCOUNTS - 1)
        add = "UPDATE account SET balance = balance + $1 WHERE id = $2"
        try:
            async with self.connection.transaction():
                equal(await self.connection.execute(add, -5, source), "UPDATE 1")
                try:
                    async with self.connection.transaction():
                        await self.connection.execute(add, -1, source)
                        await self.connection.fetchval("SELECT 10 / $1::int", 0)
                    raise AssertionError("no error")
                except asyncpg.DivisionByZeroError:
                    pass
                equal(await self.connection.execute(add, 5, source + 1), "UPDATE 1")
                if number % 3 == 0:
                    raise KeyError("roll back")
        except KeyError:
            pass

    async def failure(self, number):
        try:
            await self.connection.fetchval("SELECT 10 / $1::int", 0)
            raise AssertionError("no error")
        except asyncpg.DivisionByZeroError:
            pass
        try:
            await self.connection.fetchval("SELECT $1::int FROM nowhere", number)
            raise AssertionError("no error")
        except asyncpg.UndefinedTableError:
            pass
        equal(await self.connection.fetchval("SELECT 10 / $1::int", 5), 2)

    async def many(self, number):
        events = [(self.number, number, f"event {i}") for i in range(20)]
        await self.connection.executemany("INSERT INTO event (client, round, name) VALUES ($1, $2, $3)", events)
        names = await self.connection.fetch(
            "SELECT name FROM event WHERE client = $1 AND round = $2 ORDER BY id", self.number, number
        )
        equal([row["name"] for row in names], [f"event {i}" for i in range(20)])

    async def copy(self, number):
        async with self.connection.transaction():
            await self.connection.execute("CREATE TEMP TABLE copied (n int, name text) ON COMMIT DROP")
            records = [(number + i, f"line {i}") for i in range(100)]
            equal(await self.connection.copy_records_to_table("copied", records=records), "COPY 100")
            out = bytearray()

            async def take(data):
                out.extend(data)

            await self.connection.copy_from_query("SELECT n FROM copied WHERE n >= $1", number, output=take)
            equal(out.decode(), "".join(f"{number + i}\n" for i in range(100)))

    async def cursor(self, number):
        async with self.connection.transaction():
            seen = []
            async for row in self.connection.cursor(
                "SELECT generate_series($1::int, $2::int)", number, number + 99, prefetch=30
            ):
                seen.append(row[0])
            equal(seen, list(range(number, number + 100)))

    async def close(self):
        await self.connection.close()


async def connect(number):
    small = {"statement_cache_size": 3} if number % 4 == 3 else {}
    return Client(number, await asyncpg.connect(**small))


run_tasks(connect)
