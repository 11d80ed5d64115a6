/** Custom aggregations from the metric to the invoice, also those that must not get there. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Client } from "../testing/server.ts";
import { countInvoices, type Ground, openGround, organizationOf, startRun, untilSettled } from "./testing.ts";

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

const script = (body: string) => `function aggregate(state, event, properties) { ${body} }`;

/** Storage: what is added and removed, and a price that is higher by night. */
const STORAGE = script(`
  const { gb } = event.properties;
  const hour = Math.floor(event.timestamp / 3600) % 24;
  const price = hour < 6 ? properties.night : properties.day;
  return {
    total_units: decimal.add(state.total_units, gb),
    amount: decimal.add(state.amount, decimal.mul(gb, price)),
  };`);

async function metricOf(client: Client, code: string, custom_aggregator: string, more: object = {}) {
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { name: code, code, aggregation_type: "custom_agg", custom_aggregator, ...more },
  });
  return billable_metric;
}

async function planOf(client: Client, code: string, charges: object[]) {
  await client.must("POST", "/plans", {
    plan: {
      name: code,
      code,
      interval: "monthly",
      amount_cents: 0,
      amount_currency: "EUR",
      pay_in_advance: false,
      charges,
    },
  });
}

async function sandbox(): Promise<Client> {
  const client = await ground.server.organization();
  await client.at("2024-06-01T00:00:00Z");
  return client;
}

async function subscribe(client: Client, plan_code: string): Promise<void> {
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c", external_id: "s", plan_code },
  });
}

let sent = 0;
const send = (client: Client, code: string, timestamp: string, properties: object) =>
  client.must("POST", "/events", {
    event: {
      ...{ transaction_id: `t${sent++}`, external_subscription_id: "s", code, properties },
      timestamp: Temporal.Instant.from(timestamp).epochMilliseconds / 1000,
    },
  });

const usage = (client: Client) =>
  client.call("GET", "/customers/c/current_usage?external_subscription_id=s&apply_taxes=false");

test("a script is refused where it is none, shown where it is, and only with a custom aggregation", async () => {
  const client = await sandbox();
  const metric = await metricOf(client, "m", STORAGE);
  assert.equal(metric.custom_aggregator, STORAGE);
  for (const [more, problem] of [
    [{ custom_aggregator: "function aggregate( {" }, /^invalid_script, SyntaxError/],
    [{ custom_aggregator: "let x = 1;" }, /^invalid_script, TypeError: there is no function aggregate/],
    [{ custom_aggregator: "while (true) {}" }, /^invalid_script, the script takes too many steps/],
    [{ custom_aggregator: null }, /^value_is_mandatory$/],
    [{ custom_aggregator: STORAGE, aggregation_type: "count_agg" }, /^not_compatible_with_aggregation_type$/],
  ] as const) {
    const { status, body } = await client.call("POST", "/billable_metrics", {
      billable_metric: { name: "N", code: "n", aggregation_type: "custom_agg", ...more },
    });
    assert.equal(status, 422);
    assert.match(body.error_details.custom_aggregator.join(", "), problem);
  }
});

test("the custom model bills the script's amount, other models its units (2.8, 5.8)", async () => {
  const client = await sandbox();
  const { lago_id: billable_metric_id } = await metricOf(client, "storage", STORAGE);
  const custom_properties = { day: "0.07", night: "0.01" };
  await planOf(client, "p", [
    { billable_metric_id, charge_model: "custom", properties: { custom_properties } },
    { billable_metric_id, code: "units", charge_model: "standard", properties: { amount: "2", custom_properties } },
  ]);
  await subscribe(client, "p");
  await send(client, "storage", "2024-06-02T12:00:00Z", { gb: 10 });
  await send(client, "storage", "2024-06-02T03:00:00Z", { gb: "20.5" });
  await send(client, "storage", "2024-07-02T03:00:00Z", { gb: 1000 });
  const { body } = await usage(client);
  const [custom] = body.customer_usage.charges_usage.filter(
    (one: { charge: { charge_model: string } }) => one.charge.charge_model === "custom",
  );
  assert.deepEqual([custom.units, custom.events_count, custom.amount_cents], ["30.5", 2, 91]);
  const [standard] = body.customer_usage.charges_usage.filter(
    (one: { charge: { charge_model: string } }) => one.charge.charge_model === "standard",
  );
  assert.deepEqual([standard.units, standard.amount_cents], ["30.5", 6_100]);
  await client.at("2024-07-01T01:00:00Z");
  await client.run("billing");
  const { fees } = await client.must("GET", "/fees?fee_type=charge");
  assert.deepEqual(
    fees.map(({ amount_cents, units }: { amount_cents: number; units: string }) => [amount_cents, units]).sort(),
    [
      [6_100, "30.5"],
      [91, "30.5"],
    ],
  );
});

test("a recurring one carries its state from period to period, and begins a new amount", async () => {
  const client = await sandbox();
  const { lago_id: billable_metric_id } = await metricOf(client, "storage", STORAGE, { recurring: true });
  const properties = { custom_properties: { day: "1", night: "1" } };
  await planOf(client, "p", [{ billable_metric_id, charge_model: "custom", properties }]);
  await subscribe(client, "p");
  await send(client, "storage", "2024-06-02T12:00:00Z", { gb: 10 });
  await send(client, "storage", "2024-07-02T12:00:00Z", { gb: -3 });
  await send(client, "storage", "2024-07-03T12:00:00Z", { gb: 5 });
  await client.at("2024-07-15T00:00:00Z");
  const { customer_usage } = (await usage(client)).body;
  const [charge] = customer_usage.charges_usage;
  assert.deepEqual([charge.units, charge.events_count, charge.amount_cents], ["12.0", 2, 200]);
});

test("a script that fails on an event is a clear error of current usage, until it is put right", async () => {
  const client = await sandbox();
  const { lago_id: billable_metric_id } = await metricOf(client, "m", script("return state.missing.deep;"));
  await planOf(client, "p", [{ billable_metric_id, charge_model: "custom" }]);
  await subscribe(client, "p");
  assert.equal((await usage(client)).status, 200);
  await send(client, "m", "2024-06-02T12:00:00Z", {});
  const { status, body } = await usage(client);
  assert.deepEqual([status, body.code], [422, "custom_aggregation_failed"]);
  assert.match(body.error_details.custom_aggregator[0], /^TypeError: .*\(line 1\)$/);
  const before = (await client.must("GET", "/plans/p")).plan;
  await client.must("PUT", "/billable_metrics/m", {
    billable_metric: { custom_aggregator: script("return { total_units: 1, amount: '0.5' };") },
  });
  assert.deepEqual((await client.must("GET", "/plans/p")).plan, before);
  assert.equal((await usage(client)).body.customer_usage.amount_cents, 50);
});

const ATTACKS = {
  loops: "while (true) {}",
  grows: "const all = []; while (true) all.push({ a: [1] });",
  files: "return require('node:fs').readFileSync('/etc/passwd', 'utf8');",
  clock: "return { total_units: Date.now() };",
  tampers: "Object.prototype.total_units = 1; JSON.stringify = () => 'no json'; return state;",
} as const;

test("scripts that loop, grow or reach out are reported for their customers; the run beside them finishes", async () => {
  const client = await organizationOf(ground, 60);
  const at = Temporal.Now.zonedDateTimeISO("UTC").subtract({ months: 1 }).with({ day: 15 }).toInstant();
  let customer = 10;
  const victims = new Map<string, string>();
  for (const [code, body] of Object.entries(ATTACKS)) {
    const { lago_id: billable_metric_id } = await metricOf(client, code, script(body));
    await planOf(client, code, [{ billable_metric_id, charge_model: "custom" }]);
    customer += 7;
    victims.set(`c${customer}`, code);
    await ground.pool.query(
      `update subscriptions s set plan_id = p.id from plans p
      where s.organization_id = $1 and p.organization_id = $1 and p.code = $2 and s.external_id = $3`,
      [client.organizationId, code, `c${customer}-1`],
    );
    await client.must("POST", "/events", {
      event: {
        ...{ transaction_id: code, external_subscription_id: `c${customer}-1`, code },
        timestamp: at.epochMilliseconds / 1000,
      },
    });
  }
  await startRun(ground, client);
  await untilSettled(ground, client);
  const { rows: failures } = await ground.pool.query<{ external_id: string; error: string }>(
    `select c.external_id, f.error from billing_failures f join customers c on c.organization_id = f.organization_id and c.id = f.customer_id
    where f.organization_id = $1 order by c.external_id`,
    [client.organizationId],
  );
  assert.deepEqual(new Set(failures.map(({ external_id }) => external_id)), new Set(victims.keys()));
  for (const { external_id, error } of failures)
    assert.match(error, /custom aggregation failed/, victims.get(external_id) ?? external_id);
  assert.equal(await countInvoices(ground, client), 60 - victims.size);

  for (const code of Object.keys(ATTACKS))
    await client.must("PUT", `/billable_metrics/${code}`, {
      billable_metric: { custom_aggregator: script("return { total_units: 1, amount: 1 };") },
    });
  await ground.pool.query("update billing_failures set retry_at = now() where organization_id = $1", [
    client.organizationId,
  ]);
  await startRun(ground, client, "invoicing.retries");
  await untilSettled(ground, client);
  assert.equal(await countInvoices(ground, client), 60);
});
