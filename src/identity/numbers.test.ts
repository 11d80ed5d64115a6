import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openDatabase } from "../storage/database.ts";
import { startTestServer, type TestServer } from "../testing/server.ts";
import { takeNumbers } from "./numbers.ts";

let server: TestServer;
let database: ReturnType<typeof openDatabase>;
before(async () => {
  server = await startTestServer();
  database = openDatabase({ url: server.databaseUrl, poolSize: 10 });
});
after(async () => {
  await database.close();
  await server.close();
});

const take = (organizationId: string, kind: string, scopes: readonly { scope: string; count: number }[]) =>
  database.db.transaction().execute((tx) => takeNumbers(tx, organizationId, kind, scopes));

test("each scope counts for itself and answers the first number taken", async () => {
  const { organizationId } = await server.organization();
  const first = await take(organizationId, "invoice", [
    { scope: "b", count: 3 },
    { scope: "a", count: 1 },
    { scope: "none", count: 0 },
  ]);
  assert.deepEqual(Object.fromEntries(first), { a: 1n, b: 1n });
  const second = await take(organizationId, "invoice", [
    { scope: "a", count: 2 },
    { scope: "b", count: 1 },
  ]);
  assert.deepEqual(Object.fromEntries(second), { a: 2n, b: 4n });
  assert.deepEqual(Object.fromEntries(await take(organizationId, "other", [{ scope: "a", count: 1 }])), { a: 1n });
  const other = await server.organization();
  assert.deepEqual(Object.fromEntries(await take(other.organizationId, "invoice", [{ scope: "a", count: 1 }])), {
    a: 1n,
  });
});

test("taken at once from both ends, numbers have no gap, no double and no deadlock", async () => {
  const { organizationId } = await server.organization();
  const names = ["a", "b", "c", "d"];
  const takers = Array.from({ length: 40 }, (_, index) =>
    take(
      organizationId,
      "invoice",
      (index % 2 === 0 ? names : names.toReversed()).map((scope) => ({ scope, count: 1 })),
    ),
  );
  const taken = await Promise.all(takers);
  for (const scope of names) {
    const numbers = taken.map((numbersOf) => Number(numbersOf.get(scope))).sort((a, b) => a - b);
    assert.deepEqual(
      numbers,
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
  }
});

test("numbers of a transaction that failed are taken again", async () => {
  const { organizationId } = await server.organization();
  const failing = database.db.transaction().execute(async (tx) => {
    await takeNumbers(tx, organizationId, "invoice", [{ scope: "", count: 5 }]);
    throw new Error("rolled back");
  });
  await assert.rejects(failing, /rolled back/);
  assert.equal((await take(organizationId, "invoice", [{ scope: "", count: 1 }])).get(""), 1n);
});
