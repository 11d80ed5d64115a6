import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createTestDatabase, type TestDatabase } from "../src/testing/database.ts";
import { createDataFolder, type DataFolder, spawnWeir } from "../src/testing/process.ts";
import { ADMIN_KEY, createClient } from "../src/testing/server.ts";

let database: TestDatabase;
let data: DataFolder;
before(async () => {
  database = await createTestDatabase();
  data = await createDataFolder();
});
after(async () => {
  await database.drop();
  await data.remove();
});

const onDatabase = () => ({ DATABASE_URL: database.url, ADMIN_API_KEY: ADMIN_KEY, DATA_DIR: data.path });

test("a setting that cannot be used ends the start with 1 and its name, value and expectation", async (t) => {
  const weir = spawnWeir(t, { PORT: "http", ROLE: "boss", DATA_DIR: data.path });
  assert.equal(await weir.ended, 1);
  assert.equal(
    weir.output(),
    "PORT=http: expected an integer from 0 to 65535\nROLE=boss: expected one of all, api, worker\n",
  );
});

test("a port in use ends the start with 1 and its number", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => other.once("listening", done));
  const { port } = other.address() as AddressInfo;
  const weir = spawnWeir(t, { ...onDatabase(), PORT: String(port) });
  assert.equal(await weir.ended, 1);
  assert.match(weir.output(), new RegExp(`^PORT=${port}: in use by another program; expected a free port$`, "m"));
  other.close();
});

test("a database that cannot be reached ends the start with 1", async (t) => {
  const weir = spawnWeir(t, { ...onDatabase(), DATABASE_URL: "postgres://weir:secret@127.0.0.1:1/weir" });
  assert.equal(await weir.ended, 1);
  assert.match(weir.output(), /^DATABASE_URL: cannot connect \(connect ECONNREFUSED 127\.0\.0\.1:1\); expected /m);
  assert.doesNotMatch(weir.output(), /secret/);
});

test("SIGTERM lets a request that is under way end well, and takes no new one", async (t) => {
  const weir = spawnWeir(t, onDatabase());
  const url = await weir.listening;
  const body = JSON.stringify({ organization: { name: "Late", sandbox: true } });
  const answer = new Promise<number | undefined>((done, fail) => {
    const sending = request(`${url}/admin/organizations`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-admin-api-key": ADMIN_KEY, "content-length": body.length },
    });
    sending.once("response", (response) => {
      response.resume();
      response.once("end", () => done(response.statusCode));
    });
    sending.once("error", fail);
    sending.write(body.slice(0, 10));
    setTimeout(() => weir.kill("SIGTERM"), 200);
    setTimeout(() => sending.end(body.slice(10)), 700);
  });
  await new Promise((done) => setTimeout(done, 500));
  await assert.rejects(fetch(`${url}/health`), "a new connection while it drains");
  assert.equal(await answer, 200);
  assert.equal(await weir.ended, 0);
});

test("after kill -9 the next start finds everything, and SIGTERM leaves no PostgreSQL behind", async (t) => {
  const own = await createDataFolder();
  const first = spawnWeir(t, { DATA_DIR: own.path });
  const firstUrl = await first.listening;
  const key = /API key, shown this once: (\S+)/.exec(await untilPrinted(first, /shown this once/))?.[1];
  const isAuthorized = async (url: string) => {
    const { status } = await fetch(`${url}/api/v1/organizations`, { headers: { authorization: `Bearer ${key}` } });
    return status !== 401;
  };
  assert.ok(await isAuthorized(firstUrl));
  first.kill("SIGKILL");
  assert.equal(await first.ended, "SIGKILL");

  const second = spawnWeir(t, { DATA_DIR: own.path });
  const url = await second.listening;
  assert.ok(await isAuthorized(url));
  assert.doesNotMatch(second.output(), /shown this once/);
  const postmaster = Number((await readFile(join(own.path, "postgres", "postmaster.pid"), "utf8")).split("\n")[0]);
  second.kill("SIGTERM");
  assert.equal(await second.ended, 0);
  assert.throws(() => process.kill(postmaster, 0), { code: "ESRCH" });
  await own.remove();
});

test("a signal during the first start leaves no PostgreSQL behind", async (t) => {
  const own = await createDataFolder();
  const weir = spawnWeir(t, { DATA_DIR: own.path });
  const lockFile = join(own.path, "postgres", "postmaster.pid");
  let postmaster = Number.NaN;
  while (!(postmaster > 0)) {
    postmaster = Number((await readFile(lockFile, "utf8").catch(() => "")).split("\n")[0] || Number.NaN);
    await new Promise((done) => setTimeout(done, 5));
  }
  weir.kill("SIGTERM");
  assert.equal(await weir.ended, 0);
  assert.throws(() => process.kill(postmaster, 0), { code: "ESRCH" });
  await own.remove();
});

test("requests and jobs may have processes of their own on one database", async (t) => {
  const api = spawnWeir(t, { ...onDatabase(), ROLE: "api" });
  const worker = spawnWeir(t, { ...onDatabase(), ROLE: "worker" });
  const [apiUrl, workerUrl] = await Promise.all([api.listening, worker.listening]);
  for (const url of [apiUrl, workerUrl]) assert.equal((await fetch(`${url}/ready`)).status, 200);
  assert.equal((await fetch(`${workerUrl}/api/v1/organizations`)).status, 404, "a worker answers no API requests");

  // The clock's work is done by the worker alone; the request waits for it.
  const client = await createClient(apiUrl);
  await client.at("2024-01-01T00:00:00Z");
  await client.must("POST", "/plans", {
    plan: {
      name: "P",
      code: "p",
      interval: "monthly",
      amount_cents: 1000,
      amount_currency: "EUR",
      pay_in_advance: false,
    },
  });
  await client.must("POST", "/customers", { customer: { external_id: "c", currency: "EUR" } });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c", external_id: "s", plan_code: "p", billing_time: "calendar" },
  });
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-02-02T00:00:00Z" } });
  const { invoices } = await client.must("GET", "/invoices");
  assert.deepEqual(
    invoices.map((invoice: { total_amount_cents: number }) => invoice.total_amount_cents),
    [1000],
  );
  for (const weir of [api, worker]) weir.kill("SIGTERM");
  assert.deepEqual(await Promise.all([api.ended, worker.ended]), [0, 0]);
});

async function untilPrinted(weir: { output(): string }, pattern: RegExp): Promise<string> {
  while (!pattern.test(weir.output())) await new Promise((done) => setTimeout(done, 10));
  return weir.output();
}
