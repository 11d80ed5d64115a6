/** What was answered is there, once, after everything was killed at full load. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { dec, ZERO } from "../kernel/decimal.ts";
import { openPool } from "../storage/database.ts";
import { createDataFolder, type DataFolder, spawnWeir } from "../testing/process.ts";
import { ADMIN_KEY, type Client, clientOf, createClient } from "../testing/server.ts";

let data: DataFolder;
before(async () => {
  data = await createDataFolder();
});
after(() => data.remove());

const SUBSCRIPTIONS = 8;
const LINES = 400;

interface Sent {
  readonly transactionId: string;
  readonly subscription: string;
  readonly line: string;
}

/** Prices usage at 1 a unit, so that the amount is the recount. */
async function prepare(client: Client): Promise<void> {
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { name: "V", code: "v", aggregation_type: "sum_agg", field_name: "v" },
  });
  await client.must("POST", "/plans", {
    plan: {
      name: "P",
      code: "p",
      interval: "yearly",
      amount_cents: 0,
      amount_currency: "EUR",
      pay_in_advance: false,
      charges: [{ billable_metric_id: billable_metric.lago_id, charge_model: "standard", properties: { amount: "1" } }],
    },
  });
  for (let index = 0; index < SUBSCRIPTIONS; index++) {
    await client.must("POST", "/subscriptions", {
      subscription: { external_customer_id: `c${index}`, external_id: `s${index}`, plan_code: "p" },
    });
  }
}

function fileOf(no: number): Sent[] {
  return Array.from({ length: LINES }, (_, index) => {
    const transactionId = `${no}-${index}`;
    const subscription = `s${(no + index) % SUBSCRIPTIONS}`;
    const body = {
      transaction_id: transactionId,
      external_subscription_id: subscription,
      code: "v",
      properties: { v: (index % 7) + 0.25 },
    };
    return { transactionId, subscription, line: JSON.stringify(body) };
  });
}

async function sendFile(url: string, client: Client, file: readonly Sent[]): Promise<readonly { status: string }[]> {
  const response = await fetch(`${url}/api/v1/events/bulk`, {
    method: "POST",
    headers: { authorization: `Bearer ${client.apiKey}`, "content-type": "application/x-ndjson" },
    body: file.map(({ line }) => line).join("\n"),
  });
  const { results } = (await response.json()) as { results: { status: string }[] };
  return results;
}

/** Sends files without end until the server is gone; answers those that were acknowledged. */
async function sendUntilKilled(url: string, client: Client, sender: number, sent: Sent[][]): Promise<Sent[]> {
  const acknowledged: Sent[] = [];
  try {
    for (let no = sender; ; no += 10) {
      const file = fileOf(no);
      sent.push(file);
      const results = await sendFile(url, client, file);
      assert.ok(results.every(({ status }) => status === "accepted"));
      acknowledged.push(...file);
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return acknowledged;
  }
}

const settings = (path: string) => ({ DATA_DIR: path, ADMIN_API_KEY: ADMIN_KEY });

async function storedIds(databaseUrl: string): Promise<string[]> {
  const pool = openPool({ url: databaseUrl, poolSize: 1 });
  const { rows } = await pool.query<{ transaction_id: string }>("select transaction_id from events");
  await pool.end();
  return rows.map((row) => row.transaction_id);
}

/** Where the embedded PostgreSQL of a data folder listens. */
async function databaseUrlOf(path: string): Promise<string> {
  const [pid, , , port] = (await readFile(join(path, "postgres", "postmaster.pid"), "utf8")).split("\n");
  assert.ok(Number(pid) > 1);
  const password = (await readFile(join(path, "postgres-password"), "utf8")).trim();
  return `postgres://weir:${password}@127.0.0.1:${port}/weir`;
}

test("kill -9 of Weir and its PostgreSQL at full load loses nothing that was answered, and counts nothing twice", async (t) => {
  const first = spawnWeir(t, settings(data.path));
  const url = await first.listening;
  const client = await createClient(url, { sandbox: false });
  await prepare(client);
  const sent: Sent[][] = [];
  const senders = Array.from({ length: 6 }, (_, sender) => sendUntilKilled(url, client, sender, sent));
  await new Promise((done) => setTimeout(done, 3_000));
  const postmaster = Number((await readFile(join(data.path, "postgres", "postmaster.pid"), "utf8")).split("\n")[0]);
  process.kill(postmaster, "SIGKILL");
  first.kill("SIGKILL");
  const acknowledged = (await Promise.all(senders)).flat();
  assert.ok(acknowledged.length > 2_000, `only ${acknowledged.length} events before the kill`);

  const second = spawnWeir(t, settings(data.path));
  const again = await second.listening;
  const databaseUrl = await databaseUrlOf(data.path);
  const stored = await storedIds(databaseUrl);
  const unique = new Set(stored);
  assert.equal(unique.size, stored.length, "an event is stored twice");
  assert.deepEqual(
    acknowledged.filter(({ transactionId }) => !unique.has(transactionId)),
    [],
    "an acknowledged event is lost",
  );

  // A client sends everything again, as it does not know what was taken.
  const survivor = clientOf(again, client.apiKey, client.organizationId);
  for (const file of sent) {
    const results = await sendFile(again, survivor, file);
    for (const [index, { transactionId }] of file.entries()) {
      assert.equal(results[index]?.status, unique.has(transactionId) ? "duplicate" : "accepted");
    }
  }
  await compareUsage(survivor, sent.flat());
});

async function compareUsage(client: Client, sent: readonly Sent[]): Promise<void> {
  for (let index = 0; index < SUBSCRIPTIONS; index++) {
    const expected = sent
      .filter(({ subscription }) => subscription === `s${index}`)
      .reduce((total, { line }) => total.plus(dec(JSON.parse(line).properties.v)), ZERO);
    const { customer_usage } = await client.must(
      "GET",
      `/customers/c${index}/current_usage?external_subscription_id=s${index}`,
    );
    assert.equal(dec(customer_usage.charges_usage[0].units).toFixed(), expected.toFixed());
  }
}
