// Clients that go through rounds of work, through a handover under this load, and through the same rounds again.
import { deepStrictEqual } from "node:assert";
import { createInterface } from "node:readline";

export const CLIENTS = 20;
export const ROUNDS = 6;
export const STATEMENTS = 12;
export const ACCOUNTS = 50;
export const equal = deepStrictEqual;

export async function fails(code, promise) {
  try {
    await promise;
  } catch (error) {
    equal(error.code, code);
    return;
  }
  throw new Error("no error");
}

export const connection = {
  host: process.env.PGHOST,
  port: Number(process.env.PGPORT),
  user: process.env.PGUSER,
  database: process.env.PGDATABASE,
};

// connect(number) gives a client with async round(number) and close().
export async function run(connect) {
  let arrived = 0;
  let handedOver = false;
  const input = createInterface({ input: process.stdin });
  input.once("line", (line) => {
    equal(line, "go on");
    handedOver = true;
    input.close();
  });

  async function live(number) {
    const client = await connect(number);
    let round = 0;
    for (; round < ROUNDS; round++) {
      await client.round(round);
    }
    if (++arrived === CLIENTS) {
      console.log("half way");
    }
    for (; !handedOver; round++) {
      await client.round(round);
    }
    for (const last = round + ROUNDS; round < last; round++) {
      await client.round(round);
    }
    await client.close();
  }

  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => live(number)));
  console.log("done");
}
