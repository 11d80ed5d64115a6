import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inTransaction, openDatabase } from "../storage/database.ts";
import { startTestServer, type TestServer } from "../testing/server.ts";
import { changeChildPlan, createChildPlan } from "./child-plans.ts";
import { loadPlans } from "./plans-store.ts";
import type { PlanOverrides } from "./rules/plan-overrides.ts";

let server: TestServer;
let database: ReturnType<typeof openDatabase>;
before(async () => {
  server = await startTestServer();
  database = openDatabase({ url: server.databaseUrl, poolSize: 4 });
});
after(async () => {
  await database.close();
  await server.close();
});

const NOW = Temporal.Instant.from("2024-06-15T12:00:00Z");

/** An organization with a plan of one charge. */
async function stage(more: object = {}) {
  const client = await server.organization();
  await client.at(NOW.toString());
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { name: "Calls", code: "calls", aggregation_type: "count_agg" },
  });
  const { plan } = await client.must("POST", "/plans", {
    plan: {
      ...{ name: "P", code: "p", interval: "yearly", amount_cents: 100, amount_currency: "EUR", pay_in_advance: false },
      ...{ bill_charges_monthly: true, trial_period: 0 },
      charges: [{ billable_metric_id: billable_metric.lago_id, charge_model: "standard", properties: { amount: "1" } }],
      ...more,
    },
  });
  const create = (overrides: PlanOverrides) =>
    inTransaction(database.db, (tx) =>
      createChildPlan(tx, { id: client.organizationId }, plan.lago_id, overrides, NOW),
    );
  const change = (id: string, overrides: PlanOverrides) =>
    inTransaction(database.db, (tx) => changeChildPlan(tx, { id: client.organizationId }, id, overrides, NOW));
  const load = async (id: string) => (await loadPlans(database.db, client.organizationId, [id])).get(id);
  return { client, plan, chargeId: plan.charges[0].lago_id as string, create, change, load };
}

const isRefused = (code: string) => (error: unknown) => (error as { code?: unknown }).code === code;

test("a child plan is a copy with what is overridden, and stays unseen", async () => {
  const { client, plan, chargeId, create } = await stage();
  const { plan: child, units } = await create({
    ...{ name: "Child", amount_cents: 7n, description: "D", trial_period: 3 },
    charges: [{ id: chargeId, properties: { amount: "2" }, invoice_display_name: "Own" }],
  });
  assert.deepEqual(
    [
      child.parent_id,
      child.code,
      child.interval,
      child.name,
      child.amount_cents,
      child.description,
      child.trial_period,
    ],
    [plan.lago_id, "p", "yearly", "Child", 7n, "D", 3],
  );
  assert.deepEqual([child.bill_charges_monthly, child.version_no, child.attached], [true, 1, false]);
  const [charge] = child.charges;
  assert.deepEqual(
    [charge?.parent_id, charge?.code, charge?.properties, charge?.invoice_display_name],
    [chargeId, "calls", { amount: "2" }, "Own"],
  );
  assert.deepEqual(units, []);
  assert.equal((await client.must("GET", "/plans")).meta.total_count, 1);
  assert.equal((await client.must("GET", "/plans/p")).plan.lago_id, plan.lago_id);
});

test("what is refused of an override leaves no child plan", async () => {
  const { client, chargeId, create } = await stage();
  for (const [overrides, code] of [
    [{ amount_cents: -1n }, "validation_errors"],
    [{ amount_currency: "XXX" }, "validation_errors"],
    [{ tax_codes: ["vat"] }, "tax_not_found"],
    [{ charges: [{ id: chargeId, properties: { amount: "x" } }] }, "validation_errors"],
    [{ charges: [{ id: chargeId, tax_codes: ["vat"] }] }, "tax_not_found"],
    [{ minimum_commitment: { amount_cents: 0n } }, "validation_errors"],
  ] as const) {
    await assert.rejects(create(overrides), isRefused(code), JSON.stringify(Object.keys(overrides)));
  }
  const { rows } = await database.pool.query("select count(*)::int as n from plans where organization_id = $1", [
    client.organizationId,
  ]);
  assert.equal(rows[0].n, 1);
  const { plan } = await create({ charges: [{ id: "unknown", properties: { amount: "x" } }] });
  assert.deepEqual(plan.charges[0]?.properties, { amount: "1" }, "unknown ids are ignored");
});

test("a child plan is changed by ids of its own charges or of their sources", async () => {
  const { chargeId, create, change, load } = await stage();
  const { plan: child } = await create({ name: "Child" });
  const own = child.charges[0]?.id;
  await change(child.id, { charges: [{ id: chargeId, properties: { amount: "3" } }], amount_cents: 9n });
  assert.deepEqual((await load(child.id))?.charges[0]?.properties, { amount: "3" });
  const { plan } = await change(child.id, { charges: [{ id: own ?? "", properties: { amount: "4" } }] });
  assert.deepEqual(
    [plan.charges[0]?.id, plan.charges[0]?.properties, plan.amount_cents, plan.name],
    [own, { amount: "4" }, 9n, "Child"],
  );
  assert.equal(plan.version_no, 3);
});
