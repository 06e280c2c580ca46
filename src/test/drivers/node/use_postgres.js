// postgres.js: every query prepared and pipelined, transactions with savepoints, cursors, COPY.
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import postgres from "postgres";
import { ACCOUNTS, STATEMENTS, connection, equal, fails, run } from "./fleet.js";

class Client {
  constructor(number) {
    this.number = number;
    // Every fourth client prepares nothing.
    this.sql = postgres({ ...connection, max: 1, ...(number % 4 === 3 ? { prepare: false } : {}) });
  }

  async round(round) {
    await this.statements(round);
    await this.transaction(round);
    await this.failure(round);
    await this.cursor(round);
    await this.copy(round);
  }

  async statements(round) {
    const answers = await Promise.all(
      Array.from(
        { length: 2 * STATEMENTS },
        (_, i) =>
          this.sql`SELECT ${round}::int + ${this.sql.unsafe(String(i % STATEMENTS))} AS n, ${"of " + this.number} AS name`,
      ),
    );
    answers.forEach((rows, i) =>
      equal([...rows], [{ n: round + (i % STATEMENTS), name: `of ${this.number}` }]),
    );
    const events = Array.from({ length: 10 }, (_, i) => ({ client: this.number, round, name: `event ${i}` }));
    const inserted = await this.sql`INSERT INTO event ${this.sql(events)} RETURNING name`;
    equal(inserted.map((row) => row.name), events.map((event) => event.name));
    equal((await this.sql`DELETE FROM event WHERE client = ${this.number}`).count, 10);
  }

  async transaction(round) {
    const source = 1 + ((this.number + round) % (ACCOUNTS - 1));
    const undone = new Error("undone");
    const work = this.sql.begin(async (sql) => {
      const add = (amount, id) => sql`UPDATE account SET balance = balance + ${amount} WHERE id = ${id}`;
      equal((await add(-5, source)).count, 1);
      await fails("22012", sql.savepoint((inner) => inner`SELECT 10 / ${0}::int`));
      const [more, one] = await Promise.all([add(5, source + 1), sql`SELECT ${round}::int AS n`]);
      equal(more.count, 1);
      equal([...one], [{ n: round }]);
      if (round % 3 === 0) {
        throw undone;
      }
    });
    await work.catch((error) => equal(error, undone));
  }

  async failure(round) {
    const divide = (by) => this.sql`SELECT 1000 / ${by}::int AS n`;
    const before = divide(round + 1);
    const after = divide(round + 2);
    await Promise.all([
      before.then((rows) => equal([...rows], [{ n: Math.trunc(1000 / (round + 1)) }])),
      fails("22012", divide(0)),
      fails("42P01", this.sql`SELECT ${1}::int FROM nowhere`),
      after.then((rows) => equal([...rows], [{ n: Math.trunc(1000 / (round + 2)) }])),
    ]);
  }

  async cursor(round) {
    const seen = [];
    for await (const rows of this.sql`SELECT generate_series(${round}::int, ${round + 99}::int) AS n`.cursor(30)) {
      seen.push(...rows.map((row) => row.n));
    }
    equal(seen, Array.from({ length: 100 }, (_, i) => round + i));
  }

  async copy(round) {
    const lines = Array.from({ length: 100 }, (_, i) => `${round + i}\tline ${i}\n`);
    await this.sql.begin(async (sql) => {
      await sql`CREATE TEMP TABLE copied (n int, name text) ON COMMIT DROP`;
      await pipeline(Readable.from(lines), await sql`COPY copied FROM STDIN`.writable());
      const out = [];
      for await (const chunk of await sql`COPY copied TO STDOUT`.readable()) {
        out.push(chunk);
      }
      equal(Buffer.concat(out).toString(), lines.join(""));
    });
  }

  async close() {
    await this.sql.end();
  }
}

await run(async (number) => new Client(number));
