import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

interface Story {
  readonly client: Client;
  readonly planId: string;
  readonly chargeId: string;
  readonly filterId: string;
}

/** A plan "p" with a charge "c" (10) and its filter for us (5), and the subscriptions "s" and "t" on it. */
async function story(): Promise<Story> {
  const client = await server.organization();
  await client.at("2024-06-15T12:00:00Z");
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: {
      ...{ name: "B", code: "bytes", aggregation_type: "sum_agg", field_name: "v" },
      filters: [{ key: "region", values: ["us", "eu", "asia"] }],
    },
  });
  const filters = [{ values: { region: ["us"] }, properties: { amount: "5" }, invoice_display_name: "US" }];
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
      charges: [
        {
          ...{ code: "c", billable_metric_id: billable_metric.lago_id, charge_model: "standard", filters },
          properties: { amount: "10" },
        },
      ],
    },
  });
  await client.must("POST", "/customers", { customer: { external_id: "x", currency: "EUR" } });
  for (const external_id of ["s", "t"]) {
    await client.must("POST", "/subscriptions", {
      subscription: { external_customer_id: "x", external_id, plan_code: "p" },
    });
  }
  const [charge] = plan.charges;
  return { client, planId: plan.lago_id, chargeId: charge.lago_id, filterId: charge.filters[0].lago_id };
}

const chargeOf = async (client: Client, subscription: string) =>
  (await client.must("GET", `/subscriptions/${subscription}/charges/c`)).charge;

test("a charge is overridden for one subscription: it gets a plan of its own (10.7 of the metering spec)", async () => {
  const { client, planId, chargeId } = await story();
  assert.equal((await chargeOf(client, "s")).lago_id, chargeId, "nothing is its own yet");
  const put = (charge: object) => client.must("PUT", "/subscriptions/s/charges/c", { charge });
  const { charge } = await put({ properties: { amount: "7" }, min_amount_cents: 3 });
  assert.notEqual(charge.lago_id, chargeId);
  assert.deepEqual(
    [charge.lago_parent_id, charge.code, charge.properties, charge.min_amount_cents, charge.filters[0].properties],
    [chargeId, "c", { amount: "7" }, 3, { amount: "5" }],
  );
  const { subscription } = await client.must("GET", "/subscriptions/s");
  assert.deepEqual([subscription.plan.parent_id, subscription.plan_code], [planId, "p"]);
  const again = await put({ invoice_display_name: "Mine" });
  assert.deepEqual(again.charge, { ...charge, invoice_display_name: "Mine" }, "what is not sent stays");
  assert.deepEqual((await client.must("GET", "/subscriptions/s/charges")).charges, [again.charge]);
  assert.equal((await chargeOf(client, "t")).lago_id, chargeId, "others stay on the plan");
  assert.deepEqual((await client.must("GET", "/plans/p")).plan.charges[0].properties, { amount: "10" });
  assert.equal((await client.must("GET", "/plans")).meta.total_count, 1, "the copy is not listed");
});

test("filters are added, changed and deleted for one subscription", async () => {
  const { client, filterId } = await story();
  const base = "/subscriptions/s/charges/c/filters";
  const changed = await client.must("PUT", `${base}/${filterId}`, { filter: { properties: { amount: "9" } } });
  assert.deepEqual([changed.filter.properties, changed.filter.charge_code], [{ amount: "9" }, "c"]);
  assert.notEqual(changed.filter.lago_id, filterId);
  const body = { filter: { values: { region: ["eu"] }, properties: { amount: "4" } } };
  const added = await client.must("POST", base, body);
  const twin = await client.call("POST", base, body);
  assert.deepEqual([twin.status, twin.body.error_details], [422, { values: ["value_already_exists"] }]);
  assert.deepEqual((await client.must("GET", base)).filters, [changed.filter, added.filter]);
  assert.deepEqual(await client.must("GET", `${base}/${added.filter.lago_id}`), added);
  assert.deepEqual(await client.must("DELETE", `${base}/${filterId}`), changed, "by the plan's id as well");
  assert.deepEqual((await client.must("GET", base)).filters, [added.filter]);
  assert.equal((await client.must("GET", "/plans/p/charges/c/filters")).meta.total_count, 1);
});

test("what is refused leaves the subscription on its plan", async () => {
  const { client, chargeId } = await story();
  const base = "/subscriptions/s/charges";
  for (const [method, path, body, status, expected] of [
    ["GET", "/subscriptions/none/charges", undefined, 404, "subscription_not_found"],
    ["GET", `${base}?subscription_status=terminated`, undefined, 404, "subscription_not_found"],
    ["GET", `${base}?subscription_status=odd`, undefined, 422, { subscription_status: ["value_is_invalid"] }],
    ["GET", `${base}/none`, undefined, 404, "charge_not_found"],
    ["PUT", `${base}/none`, { charge: {} }, 404, "charge_not_found"],
    ["PUT", `${base}/c`, {}, 400, undefined],
    ["PUT", `${base}/c`, { charge: { properties: { amount: 1 } } }, 422, { properties: ["invalid_amount"] }],
    ["PUT", `${base}/c`, { charge: { tax_codes: ["vat"] } }, 404, "tax_not_found"],
    ["PUT", `${base}/c/filters/none`, { filter: {} }, 404, "charge_filter_not_found"],
    ["DELETE", `${base}/c/filters/none`, undefined, 404, "charge_filter_not_found"],
    ["POST", `${base}/c/filters`, { filter: { properties: { amount: "1" } } }, 422, { values: ["value_is_mandatory"] }],
  ] as const) {
    const answer = await client.call(method, path, body);
    const found = typeof expected === "object" ? answer.body.error_details : answer.body.code;
    assert.deepEqual([answer.status, found], [status, expected], `${method} ${path}`);
  }
  assert.equal((await chargeOf(client, "s")).lago_id, chargeId);
});

test("with cascade_updates overrides follow the plan, in order; without it nothing does (10.6 of the metering spec)", async () => {
  const { client, filterId } = await story();
  await client.must("PUT", "/subscriptions/s/charges/c", { charge: { invoice_display_name: "Mine" } });
  await client.must("PUT", "/subscriptions/t/charges/c", { charge: { properties: { amount: "99" } } });
  const put = (amount: string, cascade_updates: boolean) =>
    client.must("PUT", "/plans/p/charges/c", {
      charge: { charge_model: "standard", properties: { amount, grouped_by: ["user"] }, cascade_updates },
    });
  const own = async (subscription: string) => {
    const { properties, invoice_display_name, filters } = await chargeOf(client, subscription);
    const prices = filters.map(({ properties: of, values }: { properties: { amount: string }; values: object }) => [
      Object.values(values).flat().join(),
      of.amount,
    ]);
    return [properties.amount, properties.pricing_group_keys ?? [], invoice_display_name, Object.fromEntries(prices)];
  };
  await put("11", true);
  await put("12", true);
  await client.run();
  assert.deepEqual(await own("s"), ["12", ["user"], "Mine", { us: "5" }]);
  assert.deepEqual(await own("t"), ["99", ["user"], null, { us: "5" }]);
  await put("13", false);
  await client.run();
  assert.deepEqual(await own("s"), ["12", ["user"], "Mine", { us: "5" }]);

  const filters = "/plans/p/charges/c/filters";
  const asia = { values: { region: ["asia"] }, properties: { amount: "3" } };
  const added = await client.must("POST", filters, { filter: { ...asia, cascade_updates: true } });
  await client.must("PUT", `${filters}/${filterId}`, {
    filter: { properties: { amount: "6" }, cascade_updates: "true" },
  });
  await client.run();
  assert.deepEqual((await own("s"))[3], { us: "6", asia: "3" });
  await client.must("DELETE", `${filters}/${added.filter.lago_id}`, { filter: { cascade_updates: true } });
  await client.must("POST", "/plans/p/charges", {
    charge: {
      ...{ code: "d", charge_model: "standard", properties: { amount: "1" }, cascade_updates: true },
      billable_metric_id: (await client.must("GET", "/billable_metrics/bytes")).billable_metric.lago_id,
    },
  });
  await client.run();
  assert.deepEqual((await own("t"))[3], { us: "6" });
  const { charges } = await client.must("GET", "/subscriptions/t/charges");
  assert.deepEqual(
    charges.map(({ code, lago_parent_id }: { code: string; lago_parent_id: string }) => [
      code,
      lago_parent_id !== null,
    ]),
    [
      ["c", true],
      ["d", true],
    ],
  );
  await client.must("PUT", "/plans/p", { plan: { charges: [], cascade_updates: true } });
  await client.run();
  assert.deepEqual((await client.must("GET", "/subscriptions/s/charges")).charges, []);
});
