/** Jobs of processes that were killed come back; those of processes that live are left to them. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { freeAbandoned, holdWorkers } from "./presence.ts";

let ground: TestDatabase;
before(async () => {
  ground = await createTestDatabase();
});
after(() => ground.drop());

async function connected(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: ground.url });
  await client.connect();
  return client;
}

/** A job that the worker took a minute ago, in a queue of its own. */
async function take(client: pg.Client, worker: string): Promise<void> {
  await client.query("select graphile_worker.add_job('sweep', queue_name := $1)", [`queue of ${worker}`]);
  await client.query(
    `with q as (
      update graphile_worker._private_job_queues set locked_by = $1::text, locked_at = now() - interval '1 minute'
      where queue_name = 'queue of ' || $1::text returning id
    )
    update graphile_worker._private_jobs set locked_by = $1::text, locked_at = now() - interval '1 minute', attempts = 1
    where job_queue_id in (select id from q)`,
    [worker],
  );
}

async function takenBy(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select locked_by as id from graphile_worker._private_jobs where locked_by is not null
    intersect select locked_by from graphile_worker._private_job_queues order by 1`,
  );
  return rows.map(({ id }) => id);
}

test("what a worker took comes back when its process has ended, and not before", async () => {
  const [living, looking] = [await connected(), await connected()];
  try {
    for (const worker of ["a", "b", "c"]) await take(looking, worker);
    await holdWorkers(living, ["a", "b"]);
    assert.deepEqual(await freeAbandoned(looking, "1 hour"), [], "too soon to tell");
    assert.deepEqual(await freeAbandoned(looking), ["c"]);
    assert.deepEqual(await takenBy(looking), ["a", "b"]);
    const { rows } = await looking.query(
      "select attempts, last_error from graphile_worker._private_jobs where locked_by is null",
    );
    assert.deepEqual(rows, [{ attempts: 1, last_error: "the process that ran it was killed" }]);
  } finally {
    await living.end();
  }
  try {
    for (let round = 0; round < 100 && (await takenBy(looking)).length > 0; round++) {
      await freeAbandoned(looking);
      await new Promise((done) => setTimeout(done, 50));
    }
    assert.deepEqual(await takenBy(looking), []);
  } finally {
    await looking.end();
  }
});
