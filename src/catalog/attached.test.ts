import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Refusal } from "../kernel/failure.ts";
import { type Database, inTransaction, openDatabase } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";
import { findPlan, loadPlans, markPlanAttached, presentPlansOf } from "./index.ts";

let server: TestServer;
let database: Database;
before(async () => {
  server = await startTestServer();
  database = openDatabase({ url: server.databaseUrl, poolSize: 6 });
});
after(async () => {
  await database.close();
  await server.close();
});

interface Stage {
  readonly client: Client;
  readonly metricId: string;
  readonly planId: string;
  readonly chargeId: string;
  attach(): Promise<void>;
}

async function stage(): Promise<Stage> {
  const client = await server.organization();
  await client.at("2024-06-15T12:00:00Z");
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { name: "Calls", code: "calls", aggregation_type: "sum_agg", field_name: "v" },
  });
  const metricId = billable_metric.lago_id;
  const charges = [{ billable_metric_id: metricId, charge_model: "standard", properties: { amount: "1" } }];
  const { plan } = await client.must("POST", "/plans", {
    plan: {
      ...{
        name: "P",
        code: "p",
        interval: "monthly",
        amount_cents: 100,
        amount_currency: "EUR",
        pay_in_advance: false,
      },
      charges,
    },
  });
  const attach = () => inTransaction(database.db, (tx) => markPlanAttached(tx, client.organizationId, plan.lago_id));
  return { client, metricId, planId: plan.lago_id, chargeId: plan.charges[0].lago_id, attach };
}

const isRefused = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;

test("once attached, a plan's terms are fixed and the rest still changes", async () => {
  const { client, metricId, chargeId, attach } = await stage();
  await attach();
  const { plan: before } = await client.must("GET", "/plans/p");
  const { plan } = await client.must("PUT", "/plans/p", {
    plan: {
      ...{ name: "Q", invoice_display_name: "I", description: "D", amount_cents: 7 },
      ...{ code: "q", interval: "weekly", amount_currency: "USD", pay_in_advance: true, trial_period: 9 },
      charges: [
        { id: chargeId, charge_model: "package", code: "z", min_amount_cents: 9, properties: { amount: "2" } },
        { billable_metric_id: metricId, charge_model: "volume" },
      ],
    },
  });
  assert.deepEqual(
    { ...plan, charges: [] },
    { ...before, ...{ name: "Q", invoice_display_name: "I", description: "D", amount_cents: 7 }, charges: [] },
  );
  assert.deepEqual(plan.charges[0], { ...before.charges[0], properties: { amount: "2" } });
  assert.deepEqual([plan.charges[1].code, plan.charges[1].charge_model], ["calls_2", "volume"]);
});

test("an attached plan takes nothing that is not billed yet", async () => {
  const { client, attach } = await stage();
  await attach();
  const { plan: before } = await client.must("GET", "/plans/p");
  const answer = await client.call("PUT", "/plans/p", { plan: { name: "Q", usage_thresholds: [{ amount_cents: 1 }] } });
  assert.deepEqual([answer.status, answer.body.error_details], [422, { usage_thresholds: ["not_supported_yet"] }]);
  assert.deepEqual((await client.must("GET", "/plans/p")).plan, before);
});

test("attaching checks once more what the plan has become, and that it is still there", async () => {
  const unrated = await stage();
  await unrated.client.must("PUT", "/plans/p", { plan: { usage_thresholds: [{ amount_cents: 1 }] } });
  await assert.rejects(unrated.attach, isRefused("validation_errors"));
  const gone = await stage();
  await gone.client.must("DELETE", "/plans/p");
  await assert.rejects(gone.attach, isRefused("plan_not_found"));
  const stranger = await stage();
  const foreign = inTransaction(database.db, (tx) =>
    markPlanAttached(tx, stranger.client.organizationId, unrated.planId),
  );
  await assert.rejects(foreign, isRefused("plan_not_found"));
});

test("many attach at once, and a deletion waits for who holds the plan", async () => {
  const { client, attach, planId } = await stage();
  await Promise.all(Array.from({ length: 5 }, attach));
  const other = await stage();
  let deletion: ReturnType<Client["call"]> | undefined;
  await inTransaction(database.db, async (tx) => {
    await markPlanAttached(tx, other.client.organizationId, other.planId);
    deletion = other.client.call("DELETE", "/plans/p");
    await new Promise((done) => setTimeout(done, 100));
  });
  assert.equal((await deletion)?.body.plan.pending_deletion, true);
  const { rows } = await database.pool.query(
    "select count(*)::int as n from domain_events where organization_id = $1 and kind = 'plan.deletion_requested'",
    [other.client.organizationId],
  );
  assert.equal(rows[0].n, 1, "it was attached by then");
  await other.client.run();
  assert.equal((await other.client.call("GET", "/plans/p")).status, 404);
  assert.equal((await findPlan(database.db, client.organizationId, "p"))?.id, planId);
});

test("a version is appended when what prices has changed, and only then", async () => {
  const { client, chargeId, planId } = await stage();
  const versions = async () => {
    const { rows } = await database.pool.query(
      "select v.no, v.content->>'amount_cents' as amount, v.content->'charges' as charges, p.version_no from plan_versions v join plans p on p.id = v.plan_id where v.plan_id = $1 order by v.no",
      [planId],
    );
    assert.equal(rows.at(-1).version_no, rows.length);
    return rows.map(({ no, amount, charges }) => [
      no,
      amount,
      charges.map((charge: { properties: object }) => charge.properties),
    ]);
  };
  const first = [1, "100", [{ amount: "1" }]];
  assert.deepEqual(await versions(), [first]);
  await client.must("PUT", "/plans/p", { plan: { name: "Q", description: "D", code: "r", amount_cents: 100 } });
  assert.deepEqual(await versions(), [first]);
  await client.must("PUT", "/plans/r", { plan: { amount_cents: 200 } });
  const second = [2, "200", [{ amount: "1" }]];
  assert.deepEqual(await versions(), [first, second]);
  const charges = [{ id: chargeId, charge_model: "standard", properties: { amount: "3" } }];
  await client.must("PUT", "/plans/r", { plan: { charges } });
  await client.must("PUT", "/plans/r", { plan: { charges } });
  const third = [3, "200", [{ amount: "3" }]];
  assert.deepEqual(await versions(), [first, second, third]);
  await client.must("DELETE", "/billable_metrics/calls");
  assert.deepEqual(await versions(), [first, second, third, [4, "200", []]]);
  const { rows } = await database.pool.query(
    "select kind from domain_events where organization_id = $1 and subject_type = 'plan' order by ordinal",
    [client.organizationId],
  );
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ["plan.created", ...Array(4).fill("plan.updated")],
  );
});

test("plans are read by id in sets, also deleted ones", async () => {
  const { client, planId, metricId } = await stage();
  const other = await stage();
  const { organizationId } = client;
  const plans = await loadPlans(database.db, organizationId, [planId, planId, other.planId, "no-id"]);
  assert.deepEqual([...plans.keys()], [planId]);
  assert.equal(plans.get(planId)?.charges[0]?.billable_metric.id, metricId);
  const shown = await presentPlansOf(database.db, organizationId, [planId]);
  const answer = await client.must("GET", "/plans/p");
  const asJson = JSON.stringify(shown.get(planId), (_key, value) =>
    typeof value === "bigint" ? Number(value) : value,
  );
  assert.deepEqual(JSON.parse(asJson), answer.plan);
  await client.must("DELETE", "/plans/p");
  assert.equal((await loadPlans(database.db, organizationId, [planId])).size, 1);
  assert.equal(await findPlan(database.db, organizationId, "p"), null);
  assert.equal((await loadPlans(database.db, organizationId, [])).size, 0);
});
