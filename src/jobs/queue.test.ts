import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Database, openDatabase } from "../storage/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { job } from "./job.ts";
import { enqueueForEach } from "./queue.ts";

let ground: TestDatabase;
let database: Database;
before(async () => {
  ground = await createTestDatabase();
  database = openDatabase({ url: ground.url, poolSize: 2 });
});
after(async () => {
  await database.close();
  await ground.drop();
});

const sweep = job<{ organization_id: string; run: number }>("sweep", async () => {});

test("each organization gets one job, in their order, however often it is added while it waits", async () => {
  const ids = Array.from({ length: 300 }, () => crypto.randomUUID());
  await enqueueForEach(database.db, sweep, []);
  for (const run of [1, 2]) {
    await enqueueForEach(
      database.db,
      sweep,
      ids.map((organization_id) => ({ organization_id, run })),
    );
  }
  const { rows } = await database.pool.query(
    "select j.payload, j.key, j.job_queue_id, j.max_attempts from graphile_worker._private_jobs j order by j.id",
  );
  assert.deepEqual(
    rows.map(({ payload, key, job_queue_id }) => [payload, key, job_queue_id]),
    ids.map((organization_id) => [{ organization_id, run: 2 }, `sweep:${organization_id}`, null]),
  );
  assert.ok(rows.every(({ max_attempts }) => max_attempts === 25));
});
