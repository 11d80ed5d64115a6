import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type pg from "pg";
import { openPool } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
let pool: pg.Pool;
before(async () => {
  server = await startTestServer();
  pool = openPool({ url: server.databaseUrl, poolSize: 2 });
});
after(async () => {
  await pool.end();
  await server.close();
});

interface Setting {
  readonly start?: string;
  readonly plan?: Record<string, unknown>;
  readonly charge?: Record<string, unknown>;
  readonly customer?: Record<string, unknown>;
  readonly subscription?: Record<string, unknown>;
}

const SEATS = { code: "seats", charge_model: "standard", units: 10, properties: { amount: "10" } };
const AHEAD = { pay_in_advance: true };
const TERMS = { interval: "monthly", amount_cents: 0, amount_currency: "EUR", pay_in_advance: false };

/** A sandbox with s1 on a monthly plan in arrears that has ten seats at 10.00. */
async function sell({
  start = "2024-03-01T00:00:00Z",
  plan,
  charge,
  customer,
  subscription,
}: Setting): Promise<Client> {
  const client = await server.organization();
  await client.at(start);
  await client.must("POST", "/add_ons", {
    add_on: { code: "seat", name: "Seat", description: "A seat", amount_cents: 100, amount_currency: "EUR" },
  });
  const fixed_charges = [{ add_on_code: "seat", ...SEATS, ...charge }];
  await client.must("POST", "/plans", { plan: { code: "p", name: "Plan", ...TERMS, fixed_charges, ...plan } });
  await client.must("POST", "/customers", { customer: { external_id: "c1", currency: "EUR", ...customer } });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "p", ...subscription },
  });
  await client.run();
  return client;
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
type Json = any;

/** The oldest first. */
async function invoicesOf(client: Client): Promise<Json[]> {
  const { invoices } = await client.must("GET", "/invoices?external_customer_id=c1");
  const whole = invoices.map(async (each: Json) => (await client.must("GET", `/invoices/${each.lago_id}`)).invoice);
  const all: Json[] = await Promise.all(whole);
  return all.sort((a, b) => a.sequential_id - b.sequential_id);
}

/** "2024-03-01 in_advance_charge: fixed_charge 10.0 10000 2024-03-01..2024-03-31" */
const lineOf = ({ issuing_date, billing_periods, fees }: Json): string => {
  const reasons = billing_periods.map((each: Json) => each.invoicing_reason).join("+");
  const told = fees.map((fee: Json) => {
    const units = fee.item.type === "fixed_charge" ? ` ${fee.units}` : "";
    return `${fee.item.type}${units} ${fee.amount_cents} ${fee.from_date?.slice(0, 10)}..${fee.to_date?.slice(0, 10)}`;
  });
  return `${issuing_date} ${reasons}: ${told.join(", ")}`;
};

const linesOf = async (client: Client) => (await invoicesOf(client)).map(lineOf);

async function bill(client: Client, ...moments: string[]): Promise<void> {
  for (const moment of moments) {
    await client.at(moment);
    await client.run("billing");
  }
}

const setUnits = async (client: Client, units: number, more: object = { apply_units_immediately: true }) => {
  await client.must("PUT", "/subscriptions/s1/fixed_charges/seats", { fixed_charge: { units, ...more } });
  await client.run();
};

test("a plan in arrears starts with an invoice of its fixed charges in advance alone", async () => {
  const client = await sell({ start: "2024-03-11T10:00:00Z", charge: { ...AHEAD, prorated: true } });
  await bill(client, "2024-04-01T00:10:00Z");
  assert.deepEqual(await linesOf(client), [
    "2024-03-11 in_advance_charge: fixed_charge 10.0 6774 2024-03-11..2024-03-31",
    "2024-04-01 subscription_periodic: subscription 0 2024-03-11..2024-03-31, fixed_charge 10.0 10000 2024-04-01..2024-04-30",
  ]);
  const [fee] = (await invoicesOf(client))[0].fees;
  const { plan } = await client.must("GET", "/plans/p");
  assert.equal(fee.lago_fixed_charge_id, plan.fixed_charges[0].lago_id);
  assert.deepEqual(
    [fee.pay_in_advance, fee.invoiceable, fee.units, fee.events_count, fee.lago_charge_id],
    [true, true, "10.0", 0, null],
  );
  assert.deepEqual(fee.item, {
    ...{ type: "fixed_charge", code: "seat", name: "Seat", description: "A seat", invoice_display_name: "Seat" },
    ...{ filters: null, filter_invoice_display_name: null, grouped_by: {}, item_type: "AddOn" },
    lago_item_id: plan.fixed_charges[0].lago_add_on_id,
  });
});

test("a plan in advance starts with its fee and its fixed charges on one invoice", async () => {
  const plan = { pay_in_advance: true, amount_cents: 3100 };
  const client = await sell({ start: "2024-03-11T10:00:00Z", plan, charge: AHEAD });
  assert.deepEqual(await linesOf(client), [
    "2024-03-11 subscription_starting: subscription 2100 2024-03-11..2024-03-31, fixed_charge 10.0 10000 2024-03-11..2024-03-31",
  ]);
});

test("in a trial fixed charges are paid as ever, and its end bills none of them again", async () => {
  const plan = { pay_in_advance: true, amount_cents: 3100, trial_period: 10 };
  const client = await sell({ start: "2024-03-11T10:00:00Z", plan, charge: AHEAD });
  await bill(client, "2024-03-21T10:10:00Z", "2024-04-01T00:10:00Z");
  assert.deepEqual(await linesOf(client), [
    "2024-03-11 in_advance_charge: fixed_charge 10.0 10000 2024-03-11..2024-03-31",
    "2024-03-21 subscription_starting: subscription 1100 2024-03-11..2024-03-31",
    "2024-04-01 subscription_periodic: subscription 3100 2024-04-01..2024-04-30, fixed_charge 10.0 10000 2024-04-01..2024-04-30",
  ]);
});

test("an end bills what is in arrears up to it, and gives back nothing that was paid in advance", async () => {
  const charges = [
    { add_on_code: "seat", ...SEATS, prorated: true },
    { add_on_code: "seat", ...SEATS, code: "ahead", ...AHEAD },
  ];
  const client = await sell({ plan: { fixed_charges: charges } });
  await bill(client, "2024-04-01T00:10:00Z");
  await client.at("2024-04-12T15:00:00Z");
  await client.must("DELETE", "/subscriptions/s1");
  await client.run();
  assert.deepEqual((await linesOf(client)).slice(1), [
    "2024-04-01 subscription_periodic: subscription 0 2024-03-01..2024-03-31, fixed_charge 10.0 10000 2024-03-01..2024-03-31, fixed_charge 10.0 10000 2024-04-01..2024-04-30",
    "2024-04-12 subscription_terminating: subscription 0 2024-04-01..2024-04-12, fixed_charge 10.0 4000 2024-04-01..2024-04-12",
  ]);
});

test("a yearly plan bills fixed charges every month where it says so, else with the year", async () => {
  const monthly = await sell({ plan: { interval: "yearly", bill_fixed_charges_monthly: true } });
  await bill(monthly, "2024-04-01T00:10:00Z", "2024-05-01T00:10:00Z");
  assert.deepEqual(await linesOf(monthly), [
    "2024-04-01 subscription_periodic: fixed_charge 10.0 10000 2024-03-01..2024-03-31",
    "2024-05-01 subscription_periodic: fixed_charge 10.0 10000 2024-04-01..2024-04-30",
  ]);
  const yearly = await sell({ plan: { interval: "semiannual", bill_charges_monthly: true }, charge: AHEAD });
  await bill(yearly, "2024-04-01T00:10:00Z", "2024-07-01T00:10:00Z");
  const fixed = (await linesOf(yearly)).filter((line) => line.includes("fixed_charge"));
  assert.deepEqual(
    fixed.map((line) => line.slice(line.indexOf("fixed_charge"))),
    ["fixed_charge 10.0 10000 2024-03-01..2024-06-30", "fixed_charge 10.0 10000 2024-07-01..2024-12-31"],
  );
});

test("a cheaper plan that follows begins with its fixed charges in advance, on the invoice that ends the old one", async () => {
  const client = await sell({ plan: { amount_cents: 5000 } });
  const fixed_charges = [{ add_on_code: "seat", ...SEATS, units: 3, ...AHEAD }];
  await client.must("POST", "/plans", { plan: { code: "small", name: "Small", ...TERMS, fixed_charges } });
  await client.at("2024-03-20T00:00:00Z");
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "small" },
  });
  await bill(client, "2024-04-01T00:10:00Z", "2024-05-01T00:10:00Z");
  assert.deepEqual(await linesOf(client), [
    "2024-04-01 subscription_terminating+subscription_starting: subscription 5000 2024-03-01..2024-03-31, fixed_charge 10.0 10000 2024-03-01..2024-03-31, fixed_charge 3.0 3000 2024-04-01..2024-04-30",
    "2024-05-01 subscription_periodic: subscription 0 2024-04-01..2024-04-30, fixed_charge 3.0 3000 2024-05-01..2024-05-31",
  ]);
});

test("units that count at once are billed as a difference, once; those of the next period with it", async () => {
  const client = await sell({ charge: { ...AHEAD, prorated: true } });
  await client.at("2024-03-06T09:00:00Z");
  await setUnits(client, 15);
  await setUnits(client, 20);
  await setUnits(client, 4, {});
  await bill(client, "2024-04-01T00:10:00Z");
  const lines = await linesOf(client);
  assert.deepEqual(lines, [
    "2024-03-01 in_advance_charge: fixed_charge 10.0 10000 2024-03-01..2024-03-31",
    "2024-03-06 in_advance_charge: fixed_charge 5.0 4194 2024-03-01..2024-03-31",
    "2024-03-06 in_advance_charge: fixed_charge 5.0 4194 2024-03-01..2024-03-31",
    "2024-04-01 subscription_periodic: subscription 0 2024-03-01..2024-03-31, fixed_charge 4.0 4000 2024-04-01..2024-04-30",
  ]);
  const { rows } = await pool.query<{ subject_id: string; payload: object; kind: string }>(
    "select kind, subject_id, payload from domain_events where organization_id = $1 and kind in ('subscription.units_changed', 'subscription.started')",
    [client.organizationId],
  );
  // Told again, whatever was told changes nothing.
  for (const { kind, subject_id, payload } of rows) {
    const job = kind === "subscription.started" ? "invoicing.bill_start" : "invoicing.bill_units";
    await pool.query("select graphile_worker.add_job($1, $2::json)", [
      job,
      JSON.stringify({ organization_id: client.organizationId, subject_id, payload }),
    ]);
  }
  await client.run();
  await new Promise((done) => setTimeout(done, 300));
  assert.deepEqual(await linesOf(client), lines);
});

test("fewer units in arrears count for their days, and bill nothing by themselves", async () => {
  const client = await sell({ charge: { prorated: true } });
  await client.at("2024-03-17T00:00:00Z");
  await setUnits(client, 4);
  await bill(client, "2024-04-01T00:10:00Z");
  // 10 × 16/31 + 4 × 15/31
  assert.deepEqual(await linesOf(client), [
    "2024-04-01 subscription_periodic: subscription 0 2024-03-01..2024-03-31, fixed_charge 4.0 7097 2024-03-01..2024-03-31",
  ]);
});

test("a change that meets a missed period is billed after it; one on the billing day is what that day bills", async () => {
  const missed = await sell({ charge: AHEAD });
  await missed.at("2024-04-06T09:00:00Z");
  await setUnits(missed, 15);
  await bill(missed, "2024-04-06T10:10:00Z");
  assert.deepEqual((await linesOf(missed)).slice(1), [
    "2024-04-06 subscription_periodic: subscription 0 2024-03-01..2024-03-31, fixed_charge 10.0 10000 2024-04-01..2024-04-30",
    "2024-04-06 in_advance_charge: fixed_charge 5.0 5000 2024-04-01..2024-04-30",
  ]);
  const sameDay = await sell({ charge: AHEAD });
  await sameDay.at("2024-04-01T00:05:00Z");
  await setUnits(sameDay, 15);
  await bill(sameDay, "2024-04-01T00:10:00Z");
  assert.deepEqual((await linesOf(sameDay)).slice(1), [
    "2024-04-01 in_advance_charge: fixed_charge 15.0 15000 2024-04-01..2024-04-30",
    "2024-04-01 subscription_periodic: subscription 0 2024-03-01..2024-03-31",
  ]);
});

test("an invoice of no units is closed, unseen, where such invoices are not wanted", async () => {
  const client = await sell({ charge: AHEAD, customer: { finalize_zero_amount_invoice: "skip" } });
  await client.at("2024-03-06T00:00:00Z");
  await setUnits(client, 5);
  await setUnits(client, 12);
  assert.deepEqual(await linesOf(client), [
    "2024-03-01 in_advance_charge: fixed_charge 10.0 10000 2024-03-01..2024-03-31",
    "2024-03-06 in_advance_charge: fixed_charge 2.0 2000 2024-03-01..2024-03-31",
  ]);
});

test("units of a subscription of its own count from its start, and an override of the price keeps what is paid", async () => {
  const client = await server.organization();
  await client.at("2024-03-01T00:00:00Z");
  await client.must("POST", "/add_ons", {
    add_on: { code: "seat", name: "Seat", amount_cents: 100, amount_currency: "EUR" },
  });
  const fixed_charges = [{ add_on_code: "seat", ...SEATS, ...AHEAD }];
  const { plan } = await client.must("POST", "/plans", { plan: { code: "p", name: "Plan", ...TERMS, fixed_charges } });
  const id = plan.fixed_charges[0].lago_id;
  await client.must("POST", "/customers", { customer: { external_id: "c1", currency: "EUR" } });
  await client.must("POST", "/subscriptions", {
    subscription: {
      ...{ external_customer_id: "c1", external_id: "s1", plan_code: "p" },
      plan_overrides: { fixed_charges: [{ id, units: 7 }] },
    },
  });
  await client.run();
  await client.at("2024-03-06T00:00:00Z");
  const override = { id, units: 9, properties: { amount: "20" }, apply_units_immediately: true };
  await client.must("PUT", "/subscriptions/s1", { subscription: { plan_overrides: { fixed_charges: [override] } } });
  await client.run();
  await bill(client, "2024-04-01T00:10:00Z");
  assert.deepEqual(await linesOf(client), [
    "2024-03-01 in_advance_charge: fixed_charge 7.0 7000 2024-03-01..2024-03-31",
    "2024-03-06 in_advance_charge: fixed_charge 2.0 4000 2024-03-01..2024-03-31",
    "2024-04-01 subscription_periodic: subscription 0 2024-03-01..2024-03-31, fixed_charge 9.0 18000 2024-04-01..2024-04-30",
  ]);
});

test("fees of fixed charges are listed by their type, and told how they came about", async () => {
  const tiers = [
    { from_value: 0, to_value: 5, per_unit_amount: "10", flat_amount: "1" },
    { from_value: 6, to_value: null, per_unit_amount: "5", flat_amount: "0" },
  ];
  const charges = [
    {
      add_on_code: "seat",
      ...SEATS,
      charge_model: "graduated",
      properties: { graduated_ranges: tiers },
      prorated: true,
    },
    { add_on_code: "seat", ...SEATS, code: "ahead", invoice_display_name: "Ahead", prorated: true, ...AHEAD },
  ];
  const client = await sell({ start: "2024-03-11T10:00:00Z", plan: { fixed_charges: charges } });
  await client.at("2024-03-22T00:00:00Z");
  await client.must("PUT", "/subscriptions/s1/fixed_charges/ahead", {
    fixed_charge: { units: 13, apply_units_immediately: true },
  });
  await bill(client, "2024-04-01T00:10:00Z");
  const { fees } = await client.must("GET", "/fees?fee_type=fixed_charge&external_subscription_id=s1");
  assert.deepEqual(
    fees.map((fee: Json) => [fee.item.invoice_display_name, fee.units, fee.amount_cents]),
    [
      ["Ahead", "10.0", 6774],
      ["Ahead", "3.0", 968],
      ["Seat", "10.0", 5181],
      ["Ahead", "13.0", 13000],
    ],
  );
  for (const fee of fees) {
    const { explanation } = await client.must("GET", `/fees/${fee.lago_id}/explanation`);
    assert.deepEqual([explanation.amount_cents, explanation.reproduced], [fee.amount_cents, true]);
    const parts = explanation.parts.reduce((total: number, { amount }: Json) => total + Number(amount), 0);
    assert.ok(Math.abs(parts - Number(explanation.amounts[0].amount)) < 1e-9);
  }
  const { explanation } = await client.must("GET", `/fees/${fees[1].lago_id}/explanation`);
  assert.deepEqual(explanation.text, [
    "Ahead of s1: 9.68 EUR",
    "From 2024-03-11T10:00:00Z to 2024-03-31T23:59:59Z",
    "Units: 3 units",
    "Prorated, each for its days of the period: 0.967741935483871 units",
    "0.967741935483871 units × 10.00 EUR = 9.67741935483871 EUR",
    "Together 9.67741935483871 EUR",
    "9.68 EUR (rounding +0.00258064516129)",
  ]);
});

test("an upgrade's fee is told with what was paid before it", async () => {
  const client = await sell({ charge: { ...AHEAD, prorated: true }, plan: { amount_cents: 100 } });
  const fixed_charges = [{ add_on_code: "seat", ...SEATS, ...AHEAD, prorated: true, properties: { amount: "30" } }];
  await client.must("POST", "/plans", {
    plan: { code: "big", name: "Big", ...TERMS, amount_cents: 900, fixed_charges },
  });
  await client.at("2024-03-21T12:00:00Z");
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "big" },
  });
  await client.run();
  const [, invoice] = await invoicesOf(client);
  const fee = invoice.fees.find((each: Json) => each.item.type === "fixed_charge");
  // 300.00 × 11/31 less 100.00 × 11/31.
  assert.deepEqual([invoice.billing_periods.length, fee.amount_cents], [2, 10645 - 3548]);
  const { explanation } = await client.must("GET", `/fees/${fee.lago_id}/explanation`);
  assert.deepEqual([explanation.amount_cents, explanation.reproduced], [fee.amount_cents, true]);
  assert.equal(explanation.parts.at(-1).text, "Paid before the change of plan: −35.48 EUR");
});
