// node-postgres: unnamed and named statements, queued queries, cursors, COPY by streams.
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import pg from "pg";
import Cursor from "pg-cursor";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { ACCOUNTS, STATEMENTS, connection, equal, fails, run } from "./fleet.js";

class Client {
  constructor(number, client) {
    this.number = number;
    this.client = client;
  }

  async round(round) {
    await this.statements(round);
    await this.queued(round);
    await this.transaction(round);
    await this.failure(round);
    await this.cursor(round);
    await this.copy(round);
  }

  async statements(round) {
    for (let i = 0; i < STATEMENTS; i++) {
      const text = `SELECT $1::int + ${i} AS n, $2::text AS name`;
      const values = [round, `of ${this.number}`];
      const expected = [{ n: round + i, name: `of ${this.number}` }];
      equal((await this.client.query(text, values)).rows, expected);
      equal((await this.client.query({ name: `statement ${i}`, text, values })).rows, expected);
    }
  }

  async queued(round) {
    const answers = await Promise.all(
      Array.from({ length: STATEMENTS }, (_, i) =>
        this.client.query({ name: `queued ${i}`, text: `SELECT $1::int * ${i} AS n`, values: [round] }),
      ),
    );
    answers.forEach((answer, i) => equal(answer.rows, [{ n: round * i }]));
  }

  async transaction(round) {
    const source = 1 + ((this.number + round) % (ACCOUNTS - 1));
    const add = { name: "add", text: "UPDATE account SET balance = balance + $1 WHERE id = $2" };
    await this.client.query("BEGIN");
    equal((await this.client.query({ ...add, values: [-5, source] })).rowCount, 1);
    await this.client.query("SAVEPOINT before");
    await fails("22012", this.client.query("SELECT 10 / $1::int", [0]));
    await this.client.query("ROLLBACK TO SAVEPOINT before");
    equal((await this.client.query({ ...add, values: [5, source + 1] })).rowCount, 1);
    await this.client.query(round % 3 === 0 ? "ROLLBACK" : "COMMIT");
  }

  async failure(round) {
    const divide = { name: "divide", text: "SELECT 1000 / $1::int AS n" };
    await fails("22012", this.client.query({ ...divide, values: [0] }));
    await fails("42P01", this.client.query({ name: "nowhere", text: "SELECT $1::int FROM nowhere", values: [1] }));
    const n = Math.trunc(1000 / (round + 1));
    equal((await this.client.query({ ...divide, values: [round + 1] })).rows, [{ n }]);
  }

  async cursor(round) {
    const cursor = this.client.query(
      new Cursor("SELECT generate_series($1::int, $2::int) AS n", [round, round + 99]),
    );
    const seen = [];
    for (let rows = await cursor.read(30); rows.length > 0; rows = await cursor.read(30)) {
      seen.push(...rows.map((row) => row.n));
    }
    await cursor.close();
    equal(seen, Array.from({ length: 100 }, (_, i) => round + i));
  }

  async copy(round) {
    const lines = Array.from({ length: 100 }, (_, i) => `${round + i}\tline ${i}\n`);
    await this.client.query("BEGIN");
    await this.client.query("CREATE TEMP TABLE copied (n int, name text) ON COMMIT DROP");
    await pipeline(Readable.from(lines), this.client.query(copyFrom("COPY copied FROM STDIN")));
    const out = [];
    for await (const chunk of this.client.query(copyTo("COPY copied TO STDOUT"))) {
      out.push(chunk);
    }
    equal(Buffer.concat(out).toString(), lines.join(""));
    await this.client.query("COMMIT");
  }

  async close() {
    await this.client.end();
  }
}

await run(async (number) => {
  const client = new pg.Client(connection);
  await client.connect();
  return new Client(number, client);
});
