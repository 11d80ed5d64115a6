/** Streams are found one by one, whatever number of them an organization has. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openDatabase } from "../../storage/database.ts";
import { startTestServer, type TestServer } from "../../testing/server.ts";
import { StreamCache } from "./streams.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const MANY = 20_000;
/** Of the streams' index and its root; a walk through all of them touches a hundred and more. */
const PAGES_OF_A_STREAM = 12;

test("a stream is found by its whole name, with or without a subscription, among however many", async () => {
  const { organizationId } = await server.organization();
  const { indexPool, close } = openDatabase({ url: server.databaseUrl, poolSize: 1 });
  // A connection's counts are told when its statement ends: the second answer has what the first one flushed.
  const pagesRead = async () => {
    const { rows } = await indexPool.query(
      "select pg_stat_force_next_flush(), (idx_blks_hit + idx_blks_read)::int as pages from pg_statio_user_tables where relname = 'streams'",
    );
    await indexPool.query("select pg_stat_clear_snapshot()");
    return rows[0]?.pages as number;
  };
  try {
    await indexPool.query(
      "insert into streams (organization_id, external_subscription_id, code) select $1, 's' || n, 'calls' from generate_series(1, $2::int) n",
      [organizationId, MANY],
    );
    await indexPool.query("analyze streams");
    const names = [
      { externalSubscriptionId: "s77", code: "calls" },
      { externalSubscriptionId: null, code: "calls" },
      { externalSubscriptionId: "new", code: "calls" },
    ];
    const client = await indexPool.connect();
    try {
      const made = await new StreamCache().resolve(client, organizationId, names);
      assert.equal(new Set(made).size, names.length);
      assert.deepEqual(await new StreamCache().resolve(client, organizationId, names), made);
    } finally {
      client.release();
    }
    await pagesRead();
    const before = await pagesRead();
    const other = await indexPool.connect();
    try {
      await new StreamCache().resolve(other, organizationId, names);
    } finally {
      other.release();
    }
    await pagesRead();
    const pages = (await pagesRead()) - before;
    assert.ok(
      pages <= names.length * PAGES_OF_A_STREAM,
      `${pages} pages of the index were read for ${names.length} streams`,
    );
  } finally {
    await close();
  }
});
