import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type pg from "pg";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { jsonArray, plainArray, textArray } from "./arrays.ts";
import { openPool } from "./database.ts";

let database: TestDatabase;
let pool: pg.Pool;
before(async () => {
  database = await createTestDatabase();
  pool = openPool({ url: database.url, poolSize: 1 });
});
after(async () => {
  await pool.end();
  await database.drop();
});

async function sent(type: string, text: string): Promise<unknown[]> {
  const { rows } = await pool.query(`select v from unnest($1::${type}[]) with ordinality as u(v, n) order by n`, [
    text,
  ]);
  return rows.map(({ v }) => v);
}

const storable = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\u0000", ""));

test("texts arrive as they were sent, whatever is in them", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(fc.oneof(storable, fc.constantFrom("", "NULL", "{}", '"', "\\", "a,b", "\n")))),
      async (texts) => {
        assert.deepEqual(await sent("text", textArray(texts)), texts);
      },
    ),
    { numRuns: 200 },
  );
});

test("JSON arrives as it was sent", async () => {
  const values = fc.array(fc.dictionary(storable, fc.oneof(storable, fc.integer(), fc.boolean(), fc.array(storable))));
  await fc.assert(
    fc.asyncProperty(values, async (objects) => {
      const plain = JSON.parse(JSON.stringify(objects));
      assert.deepEqual(JSON.parse(JSON.stringify(await sent("jsonb", jsonArray(objects)))), plain);
    }),
    { numRuns: 200 },
  );
});

test("numbers, booleans, dates and nothing at all", async () => {
  assert.deepEqual(await sent("bigint", plainArray([1n, null, -5n])), [1n, null, -5n]);
  assert.deepEqual(await sent("boolean", plainArray([true, null, false])), [true, null, false]);
  assert.deepEqual((await sent("date", plainArray(["2024-02-29"]))).map(String), ["2024-02-29"]);
  assert.deepEqual(await sent("uuid", plainArray([])), []);
});
