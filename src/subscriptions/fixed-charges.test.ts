import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Database, openDatabase } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
let database: Database;
before(async () => {
  server = await startTestServer();
  database = openDatabase({ url: server.databaseUrl, poolSize: 2 });
});
after(async () => {
  await database.close();
  await server.close();
});

interface Stage {
  readonly client: Client;
  readonly planId: string;
  readonly chargeId: string;
}

/** Two subscriptions "a" and "b" that run since March on a plan with ten units of a fixed charge "seats". */
async function stage(): Promise<Stage> {
  const client = await server.organization();
  await client.at("2024-03-01T00:00:00Z");
  const terms = { name: "P", code: "p", interval: "monthly", amount_cents: 0, amount_currency: "EUR" };
  const { plan } = await client.must("POST", "/plans", { plan: { ...terms, pay_in_advance: false } });
  const { add_on } = await client.must("POST", "/add_ons", {
    add_on: { name: "Seat", code: "seat", amount_cents: 1000, amount_currency: "EUR" },
  });
  for (const external_id of ["a", "b"]) {
    const subscription = { external_customer_id: "c", external_id, plan_code: "p" };
    await client.must("POST", "/subscriptions", { subscription });
  }
  const chargeId = randomUUID();
  await database.pool.query(
    `insert into fixed_charges (organization_id, id, plan_id, add_on_id, code, charge_model, units, properties, created_at, updated_at)
     values ($1, $2, $3, $4, 'seats', 'standard', 10, '{"amount": "10"}', '2024-03-01', '2024-03-01')`,
    [client.organizationId, chargeId, plan.lago_id, add_on.lago_id],
  );
  return { client, planId: plan.lago_id, chargeId };
}

/** Units by subscription as they were written: "a 15 @ 2024-03-06T00:00:00Z". */
async function recordsOf({ client }: Stage): Promise<string[]> {
  const { rows } = await database.pool.query(
    `select s.external_id, u.units, u.effective_at from fixed_charge_units u
     join subscriptions s on s.organization_id = u.organization_id and s.id = u.subscription_id
     where u.organization_id = $1 order by s.external_id, u.ordinal`,
    [client.organizationId],
  );
  return rows.map(({ external_id, units, effective_at }) => `${external_id} ${Number(units)} @ ${effective_at}`);
}

/** As a change of the plan tells it. */
async function changeUnits({ client, planId, chargeId }: Stage, units: string, more: object): Promise<void> {
  const change = { fixed_charge_id: chargeId, units, at_once: false, is_unchanged: false, ...more };
  const payload = { changes: [change], change_id: randomUUID(), at: "2024-03-06T00:00:00Z" };
  const job = { organization_id: client.organizationId, subject_id: planId, payload };
  for (let told = 0; told < 2; told++) {
    await database.pool.query(
      "select graphile_worker.add_job('subscriptions.record_plan_units', $1::json, queue_name := $2)",
      [JSON.stringify(job), `org:${client.organizationId}`],
    );
  }
  await client.run();
}

test("units alone stay beside the plan, and are recorded from now or from the next period on", async () => {
  const { client, ...rest } = await stage();
  const here = { client, ...rest };
  const put = async (units: unknown, more: object = {}) => {
    const answer = await client.must("PUT", "/subscriptions/a/fixed_charges/seats", {
      fixed_charge: { units, ...more },
    });
    return answer.fixed_charge;
  };
  await client.at("2024-03-06T00:00:00Z");
  const shown = await put("15", { apply_units_immediately: true });
  assert.deepEqual([shown.units, shown.lago_id, shown.lago_parent_id], ["15.0", here.chargeId, null]);
  await put(20);
  assert.deepEqual(await recordsOf(here), ["a 15 @ 2024-03-06T00:00:00Z", "a 20 @ 2024-04-01T00:00:00Z"]);
  const unitsOf = async (path: string) => (await client.must("GET", path)).fixed_charges[0].units;
  assert.equal(await unitsOf("/subscriptions/a/fixed_charges"), "20.0");
  assert.equal(await unitsOf("/subscriptions/b/fixed_charges"), "10.0");
  assert.equal(await unitsOf("/plans/p/fixed_charges"), "10.0");
  assert.equal((await client.must("GET", "/subscriptions/a")).subscription.plan.parent_id, null);
});

test("what waits for the next period can be called for now; what is there already is written no second time", async () => {
  const here = await stage();
  const put = (apply_units_immediately: boolean) =>
    here.client.must("PUT", "/subscriptions/a/fixed_charges/seats", {
      fixed_charge: { units: 15, apply_units_immediately },
    });
  await here.client.at("2024-03-06T00:00:00Z");
  await put(false);
  await put(true);
  const records = ["a 15 @ 2024-04-01T00:00:00Z", "a 15 @ 2024-03-06T00:00:00Z"];
  assert.deepEqual(await recordsOf(here), records);
});

test("units of the plan reach its subscriptions once, but for those that have units of their own", async () => {
  const here = await stage();
  await changeUnits(here, "30", { at_once: true });
  assert.deepEqual(await recordsOf(here), ["a 30 @ 2024-03-06T00:00:00Z", "b 30 @ 2024-03-06T00:00:00Z"]);
  const own = { fixed_charge: { units: 5, apply_units_immediately: true } };
  await here.client.at("2024-03-06T00:00:00Z");
  await here.client.must("PUT", "/subscriptions/b/fixed_charges/seats", own);
  await changeUnits(here, "40", {});
  assert.deepEqual(await recordsOf(here), [
    "a 30 @ 2024-03-06T00:00:00Z",
    "a 40 @ 2024-04-01T00:00:00Z",
    "b 30 @ 2024-03-06T00:00:00Z",
    "b 5 @ 2024-03-06T00:00:00Z",
  ]);
  await changeUnits(here, "40", { at_once: true, is_unchanged: true });
  assert.equal((await recordsOf(here)).filter((record) => record.startsWith("a 40 @ 2024-03-06")).length, 1);
});

test("the contract's refusals of a subscription's fixed charges", async () => {
  const { client } = await stage();
  for (const [method, path, body, status, expected] of [
    ["GET", "/nope/fixed_charges", undefined, 404, "subscription_not_found"],
    ["GET", "/a/fixed_charges/nope", undefined, 404, "fixed_charge_not_found"],
    ["PUT", "/a/fixed_charges/nope", { fixed_charge: { units: 1 } }, 404, "fixed_charge_not_found"],
    ["PUT", "/a/fixed_charges/seats", {}, 400, null],
    ["PUT", "/a/fixed_charges/seats", { fixed_charge: { units: -1 } }, 422, { units: ["value_is_out_of_range"] }],
    [
      "PUT",
      "/a/fixed_charges/seats",
      { fixed_charge: { units: "0.12345678901" } },
      422,
      { units: ["value_is_invalid"] },
    ],
    [
      "PUT",
      "/a/fixed_charges/seats",
      { fixed_charge: { charge_model: "volume" } },
      403,
      "cannot_override_charge_model",
    ],
    ["PUT", "/a/fixed_charges/seats", { fixed_charge: { tax_codes: ["vat"] } }, 404, "tax_not_found"],
    [
      "PUT",
      "/a/fixed_charges/seats",
      { fixed_charge: { properties: { amount: 1 } } },
      422,
      { properties: ["invalid_amount"] },
    ],
  ] as const) {
    const answer = await client.call(method, `/subscriptions${path}`, body);
    assert.equal(answer.status, status, `${JSON.stringify(body)} ${JSON.stringify(answer.body)}`);
    if (status === 422) assert.deepEqual(answer.body.error_details, expected);
    else if (expected !== null) assert.equal(answer.body.code, expected);
  }
});
