import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const NOW = "2024-06-15T12:00:00Z";
const credits = { code: "credits", name: "Credits", short_name: "CR" };

test("a pricing unit is created, shown, listed, changed and deleted", async () => {
  const client = await server.organization();
  await client.at(NOW);
  const created = await client.must("POST", "/pricing_units", { pricing_unit: { ...credits, description: "" } });
  const { lago_id } = created.pricing_unit;
  assert.deepEqual(created.pricing_unit, { ...credits, lago_id, description: null, created_at: NOW });
  assert.deepEqual(await client.must("GET", "/pricing_units/credits"), created);
  await client.must("POST", "/pricing_units", { pricing_unit: { ...credits, code: "tokens" } });
  const { pricing_units, meta } = await client.must("GET", "/pricing_units?per_page=1");
  assert.deepEqual([pricing_units, meta.total_count], [[created.pricing_unit], 2]);
  const change = { name: "Units", description: "D", code: "other", short_name: undefined };
  const changed = await client.must("PUT", "/pricing_units/credits", { pricing_unit: change });
  assert.deepEqual(changed.pricing_unit, { ...created.pricing_unit, name: "Units", description: "D" });
  assert.deepEqual(await client.must("DELETE", "/pricing_units/credits"), changed);
  assert.equal((await client.call("GET", "/pricing_units/credits")).body.code, "pricing_unit_not_found");
  await client.must("POST", "/pricing_units", { pricing_unit: credits });
});

test("what a pricing unit must say (12.1 of the metering spec)", async () => {
  const client = await server.organization();
  await client.must("POST", "/pricing_units", { pricing_unit: credits });
  for (const [more, details] of [
    [{}, { code: ["value_already_exist"] }],
    [
      { code: null, name: "", short_name: " " },
      { code: ["value_is_mandatory"], name: ["value_is_mandatory"], short_name: ["value_is_mandatory"] },
    ],
    [{ short_name: "CRED" }, { short_name: ["value_is_too_long"] }],
    [{ description: "d".repeat(601) }, { description: ["value_is_too_long"] }],
  ] as const) {
    const answer = await client.call("POST", "/pricing_units", { pricing_unit: { ...credits, ...more } });
    assert.deepEqual([answer.status, answer.body.error_details], [422, details]);
  }
  assert.equal((await client.call("POST", "/pricing_units", {})).status, 400);
  for (const method of ["GET", "PUT", "DELETE"]) {
    const answer = await client.call(
      method,
      "/pricing_units/none",
      method === "PUT" ? { pricing_unit: {} } : undefined,
    );
    assert.deepEqual([answer.status, answer.body.code], [404, "pricing_unit_not_found"]);
  }
});

test("a charge keeps the unit it was created with, also once the unit is deleted; its rate may change", async () => {
  const client = await server.organization();
  await client.must("POST", "/pricing_units", { pricing_unit: credits });
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { name: "B", code: "bytes", aggregation_type: "count_agg" },
  });
  const charge = (applied_pricing_unit: unknown, more: object = {}) => ({
    ...{ billable_metric_id: billable_metric.lago_id, charge_model: "standard", properties: { amount: "1" } },
    ...{ applied_pricing_unit, ...more },
  });
  const terms = { interval: "monthly", amount_cents: 100, amount_currency: "EUR", pay_in_advance: false };
  const created = await client.must("POST", "/plans", {
    plan: {
      name: "P",
      code: "p",
      ...terms,
      charges: [charge({ code: "credits", conversion_rate: 0.5 }), charge(null)],
    },
  });
  const units = (of: { applied_pricing_unit: unknown }[]) => of.map((each) => each.applied_pricing_unit);
  assert.deepEqual(units(created.plan.charges), [{ code: "credits", conversion_rate: "0.5" }, null]);
  await client.must("DELETE", "/pricing_units/credits");
  const [priced, plain] = created.plan.charges.map(({ lago_id }: { lago_id: string }) => lago_id);
  const changed = await client.must("PUT", "/plans/p", {
    plan: {
      charges: [
        charge({ conversion_rate: "2.25", code: "ignored" }, { id: priced }),
        charge({ code: "credits", conversion_rate: 1 }, { id: plain }),
      ],
    },
  });
  assert.deepEqual(units(changed.plan.charges), [{ code: "credits", conversion_rate: "2.25" }, null]);
  const answer = await client.call("POST", "/plans/p/charges", {
    charge: charge({ code: "credits", conversion_rate: 1 }, { code: "new" }),
  });
  assert.deepEqual(answer.body.error_details, { pricing_unit: ["relation_must_exist"] });
});
