import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Database, openDatabase } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";
import {
  dueBillingDays,
  dueCustomers,
  findActiveSubscription,
  loadDueSubscriptions,
  loadSubscriptions,
  lockSchedules,
  moveSchedules,
  movesAfter,
  nextDueAt,
  organizationsWithDueWork,
  presentSubscriptionsOf,
  type ScheduleMove,
} from "./index.ts";
import { at, terms } from "./rules/testing.ts";

let server: TestServer;
let database: Database;
before(async () => {
  server = await startTestServer();
  database = openDatabase({ url: server.databaseUrl, poolSize: 4 });
});
after(async () => {
  await database.close();
  await server.close();
});

const START = "2024-01-17T10:00:00Z";

/** A monthly plan, one yearly with monthly usage, and a subscription of each for every customer. */
async function organization(customers: readonly string[], options?: { sandbox: boolean }): Promise<Client> {
  const client = await server.organization(options);
  if (options?.sandbox ?? true) await client.at(START);
  const plan = { name: "P", amount_cents: 3000, amount_currency: "EUR", pay_in_advance: false };
  await client.must("POST", "/plans", { plan: { ...plan, code: "monthly", interval: "monthly" } });
  await client.must("POST", "/plans", {
    plan: { ...plan, code: "yearly", interval: "yearly", bill_charges_monthly: true },
  });
  for (const customer of customers) {
    for (const plan_code of ["monthly", "yearly"]) {
      await client.must("POST", "/subscriptions", {
        subscription: { external_customer_id: customer, external_id: `${customer}-${plan_code}`, plan_code },
      });
    }
  }
  return client;
}

const idOf = async (client: Client, customer: string): Promise<string> =>
  (await client.must("GET", `/customers/${customer}`)).customer.lago_id;

test("customers with due work are found by page, in order of their ids", async () => {
  const client = await organization(["a", "b", "c"]);
  const { organizationId: id } = client;
  const ids = [await idOf(client, "a"), await idOf(client, "b"), await idOf(client, "c")].sort();
  assert.deepEqual(await dueCustomers(database.db, id, at("2024-01-31 23:59"), 10, null), []);
  const first = await dueCustomers(database.db, id, at("2024-02-01"), 2, null);
  assert.deepEqual(first, ids.slice(0, 2));
  assert.deepEqual(await dueCustomers(database.db, id, at("2024-02-01"), 2, first[1] ?? null), ids.slice(2));

  assert.equal(String(await nextDueAt(database.db, id, at(START), at("2024-12-31"))), "2024-02-01T00:00:00Z");
  assert.equal(await nextDueAt(database.db, id, at(START), at("2024-01-31")), null);
  assert.equal(String(await nextDueAt(database.db, id, at("2024-02-01"), at("2025-12-31"))), "2025-01-01T00:00:00Z");
});

test("due schedules come with their subscriptions, but for those that have ended", async () => {
  const client = await organization(["a", "b"]);
  const { organizationId: id } = client;
  const [a, b] = [await idOf(client, "a"), await idOf(client, "b")];
  await client.must("DELETE", "/subscriptions/b-monthly");
  const now = at("2024-02-01");
  const due = await loadDueSubscriptions(database.db, id, [a, b], now);
  const found = due.map(({ subscription, schedules }) => [
    subscription.external_id,
    schedules.map(({ kind }) => kind).sort(),
  ]);
  const all = {
    a: [
      ["a-monthly", ["charges", "subscription"]],
      ["a-yearly", ["charges"]],
    ],
    b: [["b-yearly", ["charges"]]],
  };
  assert.deepEqual(found, a < b ? [...all.a, ...all.b] : [...all.b, ...all.a]);
});

test("a schedule moves once, from where it was seen", async () => {
  const client = await organization(["a"]);
  const { organizationId: id } = client;
  const now = at("2024-02-01");
  const { db } = database;
  const customer = await idOf(client, "a");
  const [due] = await loadDueSubscriptions(db, id, [customer], now);
  assert.ok(due);
  const { subscription, schedules } = due;
  const life = terms({ started_at: at(START) });
  const moves = movesAfter(subscription.id, life, schedules, dueBillingDays(life, schedules, now));
  const move = (some: readonly ScheduleMove[]) => db.transaction().execute((tx) => moveSchedules(tx, id, some));
  await move(moves);
  await assert.rejects(move(moves), /2 of 2 schedules were billed by someone else/);
  const [moved] = moves;
  assert.ok(moved);
  const next = { ...moved, from: moved.to, to: at("2024-03-01") };
  await assert.rejects(move([next, ...moves.slice(1)]), /1 of 2/);
  const stored = (await db.transaction().execute((tx) => lockSchedules(tx, id, [subscription.id]))).get(
    subscription.id,
  );
  assert.deepEqual(
    stored?.map(({ kind, billed_until, next_due_at }) => [kind, String(billed_until), String(next_due_at)]),
    [
      ["charges", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"],
      ["subscription", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"],
    ],
    "a refused move moves nothing",
  );
  await assert.rejects(
    db.transaction().execute((tx) => moveSchedules(tx, "00000000-0000-0000-0000-000000000000", [next])),
    /billed by someone else/,
    "nor do schedules of another organization",
  );
});

test("a run that bills what was terminated meanwhile does not make it due again", async () => {
  const client = await organization(["a"]);
  const { organizationId: id } = client;
  const now = at("2024-02-01 00:30");
  await client.at("2024-02-01T00:30:00Z");
  const customer = await idOf(client, "a");
  const [due] = await loadDueSubscriptions(database.db, id, [customer], now);
  assert.ok(due);
  await client.must("DELETE", `/subscriptions/${due.subscription.external_id}?on_termination_invoice=skip`);
  const life = terms({ started_at: at(START) });
  const moves = movesAfter(due.subscription.id, life, due.schedules, dueBillingDays(life, due.schedules, now));
  await database.db.transaction().execute((tx) => moveSchedules(tx, id, moves));
  const again = await database.db.transaction().execute((tx) => lockSchedules(tx, id, [due.subscription.id]));
  assert.deepEqual(
    again.get(due.subscription.id)?.map(({ next_due_at }) => next_due_at),
    [null, null],
  );
});

test("a termination waits for the run that bills its subscription, and leaves nothing due", async () => {
  const client = await organization(["a"]);
  const { organizationId: id } = client;
  const customer = await idOf(client, "a");
  await client.at("2024-02-01T00:30:00Z");
  const now = at("2024-02-01 00:30");
  const { db } = database;
  let isTerminated = false;
  let termination: Promise<unknown> | null = null;
  await db.transaction().execute(async (tx) => {
    const [due] = await loadDueSubscriptions(tx, id, [customer], now);
    assert.ok(due);
    const life = terms({ started_at: at(START) });
    const moves = movesAfter(due.subscription.id, life, due.schedules, dueBillingDays(life, due.schedules, now));
    await moveSchedules(tx, id, moves);
    termination = client.must("DELETE", "/subscriptions/a-monthly").then(() => {
      isTerminated = true;
    });
    await new Promise((done) => setTimeout(done, 300));
    assert.ok(!isTerminated, "it waits");
  });
  await termination;
  const left = await loadDueSubscriptions(db, id, [customer], at("2030-01-01"));
  assert.deepEqual(
    left.map(({ subscription }) => subscription.external_id),
    ["a-yearly"],
  );
});

test("what happened to a subscription is told once, with what must be billed", async () => {
  const client = await server.organization();
  await client.at(START);
  const plan = {
    code: "p",
    name: "P",
    interval: "monthly",
    amount_cents: 0,
    amount_currency: "EUR",
    pay_in_advance: true,
  };
  await client.must("POST", "/plans", { plan });
  const create = (external_id: string, subscription_at?: string) =>
    client.must("POST", "/subscriptions", {
      subscription: { external_customer_id: "c", external_id, plan_code: "p", subscription_at },
    });
  await create("today");
  await create("today");
  await create("past", "2023-01-01");
  await client.must("DELETE", "/subscriptions/today");
  await client.must("DELETE", "/subscriptions/past?on_termination_invoice=skip");
  const events = await database.db
    .selectFrom("domain_events")
    .select(["kind", "payload"])
    .where("organization_id", "=", client.organizationId)
    .where("subject_type", "=", "subscription")
    .orderBy("ordinal")
    .execute();
  const { plan: stored } = await client.must("GET", "/plans/p");
  assert.deepEqual(
    events.map(({ kind, payload }) => [kind, payload]),
    [
      ["subscription.started", { plan_id: stored.lago_id, bill_start: true }],
      ["subscription.started", { plan_id: stored.lago_id, bill_start: false }],
      ["subscription.terminated", { generate_invoice: true, terminated_by: "request", next_subscription_id: null }],
      ["subscription.terminated", { generate_invoice: false, terminated_by: "request", next_subscription_id: null }],
    ],
  );
});

test("real organizations with due work are found by machine time", async () => {
  const real = await organization(["a"], { sandbox: false });
  const sandbox = await organization(["a"]);
  const tomorrow = Temporal.Now.instant().add({ hours: 24 * 40 });
  const found = await organizationsWithDueWork(database.db, tomorrow);
  assert.ok(found.includes(real.organizationId));
  assert.ok(!found.includes(sandbox.organizationId));
  assert.ok(!(await organizationsWithDueWork(database.db, at("2020-01-01"))).includes(real.organizationId));
});

test("subscriptions are read by id and by external id, in their organization only", async () => {
  const [client, other] = [await organization(["a"]), await organization(["a"])];
  const { organizationId: id } = client;
  const customer = await idOf(client, "a");
  const found = await findActiveSubscription(database.db, id, customer, "a-monthly");
  assert.ok(found);
  assert.equal(String(found.started_at), "2024-01-17T10:00:00Z");
  assert.equal(await findActiveSubscription(database.db, other.organizationId, customer, "a-monthly"), null);
  assert.equal(await findActiveSubscription(database.db, id, await idOf(other, "a"), "a-monthly"), null);
  assert.deepEqual([...(await loadSubscriptions(database.db, id, [found.id, "no-uuid"])).keys()], [found.id]);
  assert.equal((await loadSubscriptions(database.db, other.organizationId, [found.id])).size, 0);

  const now = at("2024-02-10");
  const shown = (await presentSubscriptionsOf(database.db, id, [found.id], now)).get(found.id);
  assert.equal(shown?.current_billing_period_started_at, "2024-02-01T00:00:00Z");
  assert.equal((await presentSubscriptionsOf(database.db, other.organizationId, [found.id], now)).size, 0);
});
