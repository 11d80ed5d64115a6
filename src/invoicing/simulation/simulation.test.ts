/** Simulations: what they tell is what comes, and nothing is left of them. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type pg from "pg";
import { openPool } from "../../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
let pool: pg.Pool;
before(async () => {
  server = await startTestServer({ POOL_SIZE: "16" });
  pool = openPool({ url: server.databaseUrl, poolSize: 2 });
});
after(async () => {
  await pool.end();
  await server.close();
});

type Json = Record<string, unknown>;

/** xorshift: the same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const INTERVALS = ["weekly", "monthly", "quarterly", "semiannual", "yearly"] as const;

/** Plans of every interval in arrears and in advance, with charges, trials, commitments, minimums and fixed charges here and there. */
async function sell(client: Client): Promise<string[]> {
  const metrics = new Map<string, string>();
  for (const [code, given] of Object.entries({
    calls: { aggregation_type: "sum_agg", field_name: "n" },
    seats: { aggregation_type: "sum_agg", field_name: "n", recurring: true },
    level: { aggregation_type: "weighted_sum_agg", field_name: "n", recurring: true, weighted_interval: "seconds" },
  })) {
    const { billable_metric } = await client.must("POST", "/billable_metrics", {
      billable_metric: { code, name: code, ...given },
    });
    metrics.set(code, billable_metric.lago_id);
  }
  await client.must("POST", "/add_ons", {
    add_on: { code: "setup", name: "Setup", amount_cents: 500, amount_currency: "EUR" },
  });
  const codes: string[] = [];
  for (const [index, interval] of INTERVALS.entries())
    for (const pay_in_advance of [false, true])
      for (const rank of [0, 1]) {
        const code = `${interval}-${pay_in_advance ? "advance" : "arrears"}-${rank}`;
        const charges = [
          { metric: "calls", charge_model: "standard", properties: { amount: "0.7" }, min_amount_cents: rank * 90 },
          { metric: "seats", charge_model: "standard", properties: { amount: "3" }, prorated: rank === 1 },
          { metric: "level", charge_model: "package", properties: { amount: "2", package_size: 10, free_units: 0 } },
        ].map(({ metric, ...charge }) => ({ ...charge, billable_metric_id: metrics.get(metric) }));
        await client.must("POST", "/plans", {
          plan: {
            code,
            name: code,
            interval,
            amount_cents: 1000 * (index + 1) + rank * 333,
            amount_currency: "EUR",
            pay_in_advance,
            trial_period: rank === 1 ? 12.5 : null,
            bill_charges_monthly: interval === "yearly" || (interval === "semiannual" && rank === 1),
            charges,
            fixed_charges:
              rank === 1
                ? [
                    {
                      add_on_code: "setup",
                      charge_model: "standard",
                      units: 3,
                      pay_in_advance: index % 2 === 0,
                      prorated: index % 3 === 0,
                      properties: { amount: "1.5" },
                    },
                  ]
                : [],
            ...(rank === 0 ? { minimum_commitment: { amount_cents: 5000 + index * 2000 } } : {}),
          },
        });
        codes.push(code);
      }
  return codes;
}

const FEE_KEYS = [
  "amount_cents",
  "units",
  "precise_amount",
  "events_count",
  "from_date",
  "to_date",
  "total_aggregated_units",
  "amount_details",
  "precise_unit_amount",
];
const PERIOD_KEYS = [
  "subscription_from_datetime",
  "subscription_to_datetime",
  "charges_from_datetime",
  "charges_to_datetime",
  "fixed_charges_from_datetime",
  "fixed_charges_to_datetime",
  "invoicing_reason",
];
const INVOICE_KEYS = [
  "issuing_date",
  "payment_due_date",
  "currency",
  "fees_amount_cents",
  "total_amount_cents",
  "billing_entity_code",
  "created_at",
  "purchase_order_number",
];
const kept = (json: Json, keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, json[key]]));

/** What a simulated and a real invoice have in common. */
function told(invoice: Json): Json {
  const { billing_periods, fees } = invoice as { billing_periods: Json[]; fees: Json[] };
  return {
    ...kept(invoice, INVOICE_KEYS),
    periods: billing_periods.map((each) => kept(each, PERIOD_KEYS)),
    fees: fees.map((fee) => {
      const { type, code, name, invoice_display_name } = fee.item as Json;
      return { ...{ type, code, name, invoice_display_name }, ...kept(fee, FEE_KEYS) };
    }),
  };
}

/** The customer's invoices, the oldest first, without those that were there already. */
async function realInvoices(client: Client, customer: string, skip: number) {
  const { invoices } = await client.must("GET", `/invoices?external_customer_id=${customer}&per_page=1000`);
  const every: Json[] = [];
  for (const { lago_id, invoice_type } of invoices.reverse().slice(skip))
    if (invoice_type === "subscription") every.push(told((await client.must("GET", `/invoices/${lago_id}`)).invoice));
  return every;
}

const byDay = (a: Json, b: Json) => (String(a.created_at) < String(b.created_at) ? -1 : 1);

const ZONES = ["UTC", "America/New_York"] as const;
const BEGIN = "2024-01-17T09:30:00Z";
const END = "2024-08-15T12:00:00Z";
const SOON = "2024-07-10T12:00:00Z";
const SUBSCRIPTIONS = 24;

test("a proposal's simulation is what the runs make of it later: every interval, trials, commitments, ends", async () => {
  const client = await server.organization();
  await client.at(BEGIN);
  const codes = await sell(client);
  const random = numbers(20_240_117);
  const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T;
  const simulated = new Map<string, Json[]>();
  for (let n = 0; n < SUBSCRIPTIONS; n++) {
    const customer = { external_id: `c${n}`, timezone: pick(ZONES), net_payment_term: random(30) };
    const plan_code = codes[n % codes.length] as string;
    const subscription: Json = {
      external_customer_id: `c${n}`,
      external_id: `s${n}`,
      plan_code,
      billing_time: pick(["calendar", "anniversary"]),
      subscription_at: pick([BEGIN, "2023-07-31T22:00:00Z", "2024-02-29T12:00:00Z"]),
      ...(random(4) === 0 && plan_code.includes("arrears")
        ? { ending_at: `2024-0${5 + random(3)}-1${random(9)}T12:00:00Z` }
        : {}),
      ...(random(4) === 0 ? { plan_overrides: { amount_cents: 4321 } } : {}),
    };
    const asked = { subscription: { ...subscription, customer }, simulation: { until: END } };
    const { simulation } = await client.must("POST", "/subscriptions/simulate", asked);
    assert.ok(simulation.totals.invoices_count < 100, "not cut off");
    simulated.set(`c${n}`, simulation.invoices.map(told));
    await client.must("POST", "/customers", { customer });
    await client.must("POST", "/subscriptions", { subscription });
  }
  await client.run();
  await client.must("POST", "/test_clock/advance", { test_clock: { now: END } });
  let compared = 0;
  for (const [customer, expected] of simulated) {
    const real = await realInvoices(client, customer, 0);
    assert.deepEqual(expected.sort(byDay), real.sort(byDay), customer);
    compared += real.length;
  }
  assert.ok(compared > 90, `${compared} invoices`);
});

test("a running subscription's simulation is what comes, with the usage so far and with a cheaper plan that waits", async () => {
  const client = await server.organization();
  await client.at(BEGIN);
  const codes = await sell(client);
  const random = numbers(7);
  const names = codes.map((_, n) => `s${n}`);
  for (const [n, plan_code] of codes.entries()) {
    const subscription = { external_customer_id: `c-s${n}`, external_id: `s${n}`, plan_code };
    await client.must("POST", "/subscriptions", { subscription });
  }
  await client.run();
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-02-20T10:00:00Z" } });
  for (const external_subscription_id of names)
    for (const code of ["calls", "seats", "level"])
      await client.must("POST", "/events", {
        event: {
          transaction_id: `${external_subscription_id}-${code}`,
          external_subscription_id,
          code,
          timestamp: Date.parse("2024-02-18T11:00:00Z") / 1000,
          properties: { n: 1 + random(40) },
        },
      });
  for (const [n, code] of codes.entries())
    if (n % 4 === 3) {
      const subscription = {
        external_customer_id: `c-s${n}`,
        external_id: `s${n}`,
        plan_code: code.replace(/-1$/, "-0"),
      };
      await client.must("POST", "/subscriptions", { subscription });
    }
  await client.run();
  const simulated = new Map<string, { before: number; invoices: Json[] }>();
  for (const name of names) {
    const { simulation } = await client.must("GET", `/subscriptions/${name}/simulation?until=${SOON}&usage=current`);
    const { meta } = await client.must("GET", `/invoices?external_customer_id=c-${name}`);
    simulated.set(name, { before: meta.total_count, invoices: simulation.invoices.map(told) });
  }
  await client.must("POST", "/test_clock/advance", { test_clock: { now: SOON } });
  for (const [name, { before: count, invoices }] of simulated)
    assert.deepEqual(invoices.sort(byDay), (await realInvoices(client, `c-${name}`, count)).sort(byDay), name);
});

/** Every row of every table, sequences of numbers and jobs among them, in short. */
async function fingerprint(): Promise<Record<string, string>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('public', 'graphile_worker') and tablename not in ('_private_known_crontabs') order by 1`,
  );
  const prints: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await pool.query<{ print: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as print from ${name} t`,
    );
    prints[name] = rows[0]?.print ?? "";
  }
  return prints;
}

test("nothing changes: no row of any table, no number, no job, and the next customer gets the next number", async () => {
  const client = await server.organization();
  await client.at(BEGIN);
  await sell(client);
  const subscription = { external_customer_id: "c1", external_id: "s1", plan_code: "monthly-advance-0" };
  await client.must("POST", "/customers", { customer: { external_id: "c1" } });
  await client.must("POST", "/subscriptions", { subscription });
  await client.run();
  const before_ = await fingerprint();
  for (let n = 0; n < 3; n++) {
    await client.must("GET", "/subscriptions/s1/simulation?periods=24");
    const proposal = {
      plan_code: "quarterly-arrears-1",
      customer: { currency: "EUR", timezone: "Asia/Kolkata" },
      plan_overrides: { amount_cents: 7 },
    };
    const { simulation } = await client.must("POST", "/subscriptions/simulate", { subscription: proposal });
    assert.equal(simulation.invoices.length, 12);
    const dearer = {
      subscription: { ...subscription, plan_code: "monthly-advance-1", customer: { timezone: "America/New_York" } },
    };
    await client.call("POST", "/subscriptions/simulate", dearer);
  }
  await client.run();
  assert.deepEqual(await fingerprint(), before_);
  const { customer } = await client.must("POST", "/customers", { customer: { external_id: "c2" } });
  assert.equal(customer.sequential_id, 2);
});

test("an upgrade's simulation is its invoice, and those that follow", async () => {
  const client = await server.organization();
  await client.at(BEGIN);
  await sell(client);
  const subscription = { external_customer_id: "c1", external_id: "s1", plan_code: "monthly-arrears-0" };
  await client.must("POST", "/subscriptions", { subscription });
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-03-20T10:00:00Z" } });
  const { meta } = await client.must("GET", "/invoices");
  const dearer = { ...subscription, plan_code: "quarterly-advance-1" };
  const { simulation } = await client.must("POST", "/subscriptions/simulate", {
    subscription: dearer,
    simulation: { until: END },
  });
  await client.must("POST", "/subscriptions", { subscription: dearer });
  await client.run();
  await client.must("POST", "/test_clock/advance", { test_clock: { now: END } });
  assert.deepEqual(simulation.invoices.map(told), await realInvoices(client, "c1", meta.total_count));
});
