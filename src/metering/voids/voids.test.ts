import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const START = "2024-06-01T00:00:00Z";
const NOW = "2024-06-15T12:00:00Z";

const METRICS = {
  count: { aggregation_type: "count_agg" },
  sum: { aggregation_type: "sum_agg", field_name: "v" },
  max: { aggregation_type: "max_agg", field_name: "v" },
  latest: { aggregation_type: "latest_agg", field_name: "v" },
  seats: { aggregation_type: "unique_count_agg", field_name: "v" },
} as const;

/** A subscription "s" whose plan prices every unit of each metric at 1. */
async function organization(metrics: Record<string, object> = METRICS): Promise<Client> {
  const client = await server.organization();
  await client.at(START);
  const charges = [];
  for (const [code, terms] of Object.entries(metrics)) {
    const { billable_metric } = await client.must("POST", "/billable_metrics", {
      billable_metric: { name: code, code, ...terms },
    });
    charges.push({
      billable_metric_id: billable_metric.lago_id,
      charge_model: "standard",
      properties: { amount: "1" },
    });
  }
  await client.must("POST", "/plans", {
    plan: {
      ...{ name: "P", code: "p", interval: "monthly", amount_cents: 0, amount_currency: "EUR", pay_in_advance: false },
      charges,
    },
  });
  for (const external_id of ["s", "other"])
    await client.must("POST", "/subscriptions", {
      subscription: { external_customer_id: "c", external_id, plan_code: "p" },
    });
  await client.at(NOW);
  return client;
}

const send = (client: Client, transaction_id: string, code: string, properties: object = {}, more: object = {}) =>
  client.must("POST", "/events", {
    event: { transaction_id, external_subscription_id: "s", code, properties, ...more },
  });

async function unitsOf(client: Client): Promise<Record<string, number>> {
  const { customer_usage } = await client.must(
    "GET",
    "/customers/c/current_usage?external_subscription_id=s&apply_taxes=false",
  );
  return Object.fromEntries(
    customer_usage.charges_usage.map((charge: { units: string; billable_metric: { code: string } }) => [
      charge.billable_metric.code,
      Number(charge.units),
    ]),
  );
}

const voidOf = (client: Client, id: string, event?: object) =>
  client.call("POST", `/events/${encodeURIComponent(id)}/void`, event === undefined ? undefined : { event });
const amend = (client: Client, id: string, event: object) =>
  client.call("POST", `/events/${encodeURIComponent(id)}/amend`, { event });

test("a voided event counts nowhere, at once, and stays in the log with who, when and why", async () => {
  const client = await organization();
  for (const code of Object.keys(METRICS)) {
    await send(client, `${code}-1`, code, { v: 3 });
    await send(client, `${code}-2`, code, { v: 7 }, { timestamp: "1718449200" });
    await send(client, `${code}-3`, code, { v: 5 });
  }
  assert.deepEqual(await unitsOf(client), { count: 3, sum: 15, max: 7, latest: 5, seats: 3 });
  for (const code of Object.keys(METRICS)) {
    const { status, body } = await voidOf(client, `${code}-2`, { reason: "sent twice\u0000" });
    assert.equal(status, 200, JSON.stringify(body));
  }
  assert.deepEqual(await unitsOf(client), { count: 2, sum: 8, max: 5, latest: 5, seats: 2 });
  for (const code of Object.keys(METRICS)) await voidOf(client, `${code}-3`);
  assert.deepEqual(await unitsOf(client), { count: 1, sum: 3, max: 3, latest: 3, seats: 1 });

  const { event } = await client.must("GET", "/events/sum-2");
  const { voided_at, void_reason, voided_by_lago_api_key_id, amended_by_transaction_id, properties } = event;
  assert.deepEqual(
    { voided_at, void_reason, amended_by_transaction_id, properties },
    { voided_at: NOW, void_reason: "sent twice", amended_by_transaction_id: null, properties: { v: 7 } },
  );
  assert.match(voided_by_lago_api_key_id, /^[0-9a-f-]{36}$/);
  const { events, meta } = await client.must("GET", "/events?code=sum");
  assert.equal(meta.total_count, 3);
  assert.deepEqual(
    events.map((one: { transaction_id: string; voided_at: string | null }) => [one.transaction_id, one.voided_at]),
    [
      ["sum-1", null],
      ["sum-3", NOW],
      ["sum-2", NOW],
    ],
  );
});

test("an event is voided once, and its transaction id stays taken", async () => {
  const client = await organization({ sum: METRICS.sum });
  await send(client, "t", "sum", { v: 3 });
  const answers = await Promise.all([1, 2, 3, 4].map(() => voidOf(client, "t")));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 405, 405, 405]);
  const again = await voidOf(client, "t");
  assert.deepEqual([again.status, again.body.code], [405, "event_already_voided"]);
  const sent = await client.call("POST", "/events", {
    event: { transaction_id: "t", external_subscription_id: "s", code: "sum", properties: { v: 3 } },
  });
  assert.deepEqual(sent.body.error_details, { transaction_id: ["value_already_exist"] });
  assert.deepEqual(await unitsOf(client), { sum: 0 });
});

test("an amended event is voided and another stands in its place, under a name of its own", async () => {
  const client = await organization({ sum: METRICS.sum });
  await send(
    client,
    "t",
    "sum",
    { v: 3, note: "x" },
    { precise_total_amount_cents: "12.5", timestamp: "1718449200.123456" },
  );
  const first = await amend(client, "t", { properties: { v: 4 }, reason: "wrong figure" });
  assert.equal(first.status, 200, JSON.stringify(first.body));
  const { event, voided_event } = first.body;
  assert.deepEqual(
    [
      event.transaction_id,
      event.properties,
      event.timestamp,
      event.precise_total_amount_cents,
      event.code,
      event.external_subscription_id,
    ],
    ["t~1", { v: 4 }, "2024-06-15T11:00:00.123Z", "12.5", "sum", "s"],
  );
  assert.deepEqual([event.amends_transaction_id, event.voided_at], ["t", null]);
  assert.deepEqual(
    [
      voided_event.transaction_id,
      voided_event.amended_by_transaction_id,
      voided_event.voided_at,
      voided_event.void_reason,
    ],
    ["t", "t~1", NOW, "wrong figure"],
  );
  assert.deepEqual(await unitsOf(client), { sum: 4 });
  assert.deepEqual((await client.must("GET", "/events/t~1")).event, event);

  const second = await amend(client, "t~1", { properties: { v: 5 } });
  assert.equal(second.body.event.transaction_id, "t~2");
  const third = await amend(client, "t~2", { properties: { v: 6 }, transaction_id: "mine" });
  assert.equal(third.body.event.transaction_id, "mine");
  const fourth = await amend(client, "mine", { timestamp: "1718449201" });
  assert.deepEqual([fourth.body.event.transaction_id, fourth.body.event.properties], ["t~3", { v: 6 }]);
  assert.deepEqual(await unitsOf(client), { sum: 6 });
  const gone = await amend(client, "t", { properties: { v: 9 } });
  assert.deepEqual([gone.status, gone.body.code], [405, "event_already_voided"]);
  await voidOf(client, "t~3");
  assert.deepEqual(await unitsOf(client), { sum: 0 });
});

test("names that clients took themselves are passed over", async () => {
  const client = await organization({ sum: METRICS.sum });
  await send(client, "t", "sum", { v: 1 });
  for (let n = 1; n <= 11; n++) await send(client, `t~${n}`, "sum", { v: 0 });
  const { body } = await amend(client, "t", { properties: { v: 2 } });
  assert.equal(body.event.transaction_id, "t~12");
});

test("a refused amendment leaves everything as it was", async () => {
  const client = await organization({ sum: METRICS.sum });
  await send(client, "t", "sum", { v: 3 });
  await send(client, "taken", "sum", { v: 1 });
  for (const [event, details] of [
    [{ transaction_id: "taken" }, { transaction_id: ["value_already_exist"] }],
    [{ transaction_id: "t" }, { transaction_id: ["value_already_exist"] }],
    [{ timestamp: "2024-06-15" }, { timestamp: ["invalid_format"] }],
    [{ properties: [] }, { properties: ["value_is_invalid"] }],
    [{ precise_total_amount_cents: "x" }, { precise_total_amount_cents: ["value_is_invalid"] }],
    [{ code: "" }, { code: ["value_is_mandatory"] }],
    [{ code: 7 }, { code: ["value_is_invalid"] }],
    [{ reason: 7 }, { reason: ["value_is_invalid"] }],
    [{ reason: "x".repeat(1_001) }, { reason: ["value_is_too_long"] }],
    [[], { event: ["value_is_invalid"] }],
  ] as const) {
    const { status, body } = await amend(client, "t", event);
    assert.deepEqual([status, body.error_details], [422, details], JSON.stringify(event));
  }
  assert.equal((await client.call("POST", "/events/t/amend", {})).status, 400);
  assert.equal((await client.must("GET", "/events/t")).event.voided_at, null);
  assert.deepEqual(await unitsOf(client), { sum: 4 });
  const long = "x".repeat(254);
  await send(client, long, "sum", { v: 1 });
  const { status, body } = await amend(client, long, { properties: { v: 2 } });
  assert.deepEqual([status, body.error_details], [422, { transaction_id: ["value_is_too_long"] }]);
});

test("the subscription tells apart what shares a transaction id; nobody else's event is found", async () => {
  const client = await organization({ sum: METRICS.sum });
  await send(client, "a/b?c", "sum", { v: 3 });
  await send(client, "a/b?c", "sum", { v: 4 }, { external_subscription_id: "other" });
  const unclear = await voidOf(client, "a/b?c");
  assert.deepEqual(
    [unclear.status, unclear.body.error_details],
    [422, { external_subscription_id: ["value_is_mandatory"] }],
  );
  const wrong = await voidOf(client, "a/b?c", { external_subscription_id: "none" });
  assert.deepEqual([wrong.status, wrong.body.code], [404, "event_not_found"]);
  const right = await voidOf(client, "a/b?c", { external_subscription_id: "other" });
  assert.deepEqual([right.status, right.body.event.external_subscription_id], [200, "other"]);
  assert.deepEqual(await unitsOf(client), { sum: 3 });
  const stranger = await organization({});
  for (const body of [await voidOf(stranger, "a/b?c"), await amend(stranger, "a/b?c", {})])
    assert.equal(body.status, 404);
});

test("an amended event is evaluated like any other", async () => {
  const client = await organization({ sum: { ...METRICS.sum, expression: "event.properties.a * 2" } });
  await send(client, "t", "sum", { a: 3 });
  assert.deepEqual(await unitsOf(client), { sum: 6 });
  const { body } = await amend(client, "t", { properties: { a: "5" } });
  assert.deepEqual(body.event.properties, { a: "5", v: "10.0" });
  const failed = await amend(client, "t~1", { properties: {} });
  assert.deepEqual(
    [failed.status, failed.body.error_details],
    [422, "expression_evaluation_failed: Variable: a not found"],
  );
  assert.deepEqual(await unitsOf(client), { sum: 10 });
});

test("what a final invoice contains can no longer be corrected; what came too late for it can", async () => {
  const client = await organization({ sum: METRICS.sum, seats: { ...METRICS.seats, recurring: true } });
  await send(client, "june", "sum", { v: 3 });
  await send(client, "seat", "seats", { v: "a" });
  await send(client, "unpriced", "nothing", {});
  await client.at("2024-07-01T01:00:00Z");
  await client.run("billing");
  await setTimeout(2_100);
  await client.at("2024-07-01T01:00:01Z");
  await send(client, "july", "sum", { v: 4 });
  await send(client, "late", "sum", { v: 4 }, { timestamp: "1718449200" });
  await send(client, "before", "seats", { v: "b" }, { timestamp: "1714521600" });
  for (const [id, expected] of [
    ["june", "event_already_billed"],
    ["seat", "event_already_billed"],
    ["late", undefined],
    ["before", undefined],
    ["july", undefined],
    ["unpriced", undefined],
  ] as const) {
    const { body } = await amend(client, id, { reason: "try" });
    assert.equal(body.code, expected, id);
    const voided = await voidOf(client, expected === undefined ? `${id}~1` : id);
    assert.equal(voided.body.code, expected, id);
  }
  assert.equal((await client.must("GET", "/events/june")).event.voided_at, null);
});

test("voids among events that are folded meanwhile: usage is what a recount of the rest says", async () => {
  const client = await organization();
  const codes = Object.keys(METRICS);
  const alive = new Map<string, { code: string; at: number; v: number }>();
  let sent = 0;
  const bulk = async () => {
    const events = Array.from({ length: 400 }, () => {
      const no = sent++;
      return {
        id: `e${no}`,
        code: codes[no % codes.length] as string,
        at: 1_717_200_000 + ((no * 7_919) % 1_200_000),
        v: (no * 31) % 97,
      };
    });
    const lines = events.map(({ id, code, at, v }) => ({
      transaction_id: id,
      external_subscription_id: "s",
      code,
      timestamp: at,
      properties: { v },
    }));
    await client.must("POST", "/events/bulk", lines);
    for (const { id, ...event } of events) alive.set(id, event);
  };
  const expected = () => {
    const of = (code: string) => [...alive].filter(([, event]) => event.code === code);
    const values = (code: string) => of(code).map(([, { v }]) => v);
    const [latest] = of("latest").sort(([a, x], [b, y]) => y.at - x.at || Number(b.slice(1)) - Number(a.slice(1)));
    return {
      count: of("count").length,
      sum: values("sum").reduce((total, v) => total + v, 0),
      max: Math.max(...values("max")),
      latest: latest?.[1].v,
      seats: new Set(values("seats")).size,
    };
  };
  for (let round = 0; round < 12; round++) {
    await bulk();
    const some = [...alive.keys()].filter((_, index) => (index * 13 + round) % 211 === 0);
    const [largest] = [...alive].filter(([, { code }]) => code === "max").sort(([, a], [, b]) => b.v - a.v);
    const doomed = [...new Set([...some, largest?.[0] as string])];
    await Promise.all([...doomed.map(async (id) => assert.equal((await voidOf(client, id)).status, 200)), bulk()]);
    for (const id of doomed) alive.delete(id);
    assert.deepEqual(await unitsOf(client), expected(), `round ${round}`);
    await setTimeout(150);
  }
  await setTimeout(1_500);
  assert.deepEqual(await unitsOf(client), expected(), "after folding");
});

test("an event that was charged in advance can no longer be corrected, not even one that came to nothing", async () => {
  const client = await server.organization();
  await client.at(START);
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { name: "calls", code: "calls", aggregation_type: "sum_agg", field_name: "v" },
  });
  await client.must("POST", "/plans", {
    plan: {
      ...{ name: "P", code: "p", interval: "monthly", amount_cents: 0, amount_currency: "EUR", pay_in_advance: false },
      charges: [
        {
          ...{ billable_metric_id: billable_metric.lago_id, charge_model: "standard", properties: { amount: "1" } },
          pay_in_advance: true,
        },
      ],
    },
  });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c", external_id: "s", plan_code: "p" },
  });
  for (const [id, v] of Object.entries({ charged: 3, nothing: 0, less: -1 })) await send(client, id, "calls", { v });
  await client.run("billing");
  for (const id of ["charged", "nothing", "less"]) {
    const { fees } = await client.must("GET", `/fees?event_transaction_id=${id}`);
    assert.equal(fees.length, 1, id);
    const { status, body } = await voidOf(client, id);
    assert.deepEqual([status, body.code], [405, "event_already_billed"], id);
  }
});
