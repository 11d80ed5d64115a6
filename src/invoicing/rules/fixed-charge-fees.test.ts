import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type FixedCharge, fixedChargeUnits, type UnitRecord } from "../../catalog/index.ts";
import { startOfDay } from "../../kernel/calendar.ts";
import { type Dec, dec, sum, ZERO } from "../../kernel/decimal.ts";
import { currentFixedChargesWindow, type UsageWindow } from "../../subscriptions/index.ts";
import type { PlannedFee } from "../model.ts";
import { type FixedChargeFacts, fixedChargeFees, type PaidBefore, unitsFee } from "./fixed-charge-fees.ts";
import { planInvoices } from "./plan-invoices.ts";
import { at, CUSTOMER, due } from "./testing.ts";

const ADD_ON = { id: "add-on", code: "seat", name: "Seat", description: null, invoice_display_name: null };

const chargeOf = (given: Partial<FixedCharge> = {}): FixedCharge => ({
  ...{ id: "fixed", parent_id: null, code: "seats", invoice_display_name: null, charge_model: "standard" },
  ...{ units: dec(10), pay_in_advance: false, prorated: false, properties: { amount: "10" }, add_on: ADD_ON },
  ...given,
});

const record = (units: number, from: string): UnitRecord => ({ units: dec(units), effective_at: at(from) });

interface Known {
  readonly records?: readonly UnitRecord[];
  readonly paid?: Dec | null;
  readonly before?: PaidBefore | null;
}

const facts = ({ records = [], paid = null, before = null }: Known): FixedChargeFacts => ({
  recordsOf: () => records,
  paidFor: () => paid,
  paidBefore: () => before,
});

const told = (fees: readonly PlannedFee[]) =>
  fees.map(({ amount_cents, units, from, to }) => [amount_cents, units.toFixed(), from.toString(), to.toString()]);

/** February in arrears, and March in advance, of one charge; billed on 1 March 2024. */
function billed(charge: FixedCharge, known: Known) {
  const { period } = due("a", { plan: { fixed_charges: [charge] }, period: { bills_fixed_charges: true } });
  const ahead = { ...currentFixedChargesWindow(period.terms, period.timestamp), known_until: period.timestamp };
  return fixedChargeFees({ ...period, ahead }, facts(known), []);
}

const FEBRUARY = ["2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"];
const MARCH = ["2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z"];

test("4.6 of the subscriptions spec: in arrears the period that ended, in advance the one that begins", () => {
  const records = [record(10, "2024-01-01T00:00:01Z"), record(12, "2024-03-01T00:00:00Z")];
  assert.deepEqual(told(billed(chargeOf(), { records })), [[10000n, "10", ...FEBRUARY]]);
  assert.deepEqual(told(billed(chargeOf({ pay_in_advance: true }), { records })), [[12000n, "12", ...MARCH]]);
});

test("4.6: 10 units, from the 16th on 20, prorated, are shown as 20 and cost 15 of 30 days", () => {
  const { period } = due("a", {
    day: "2024-05-01",
    plan: { fixed_charges: [chargeOf({ prorated: true })] },
    period: { bills_fixed_charges: true },
  });
  const records = [record(10, "2024-04-01T00:00:00Z"), record(20, "2024-04-16T00:00:00Z")];
  const [fee] = fixedChargeFees(period, facts({ records }), []);
  assert.deepEqual(
    [fee?.amount_cents, fee?.units.toFixed(), fee?.total_aggregated_units.toFixed()],
    [15000n, "20", "15"],
  );
});

test("what is paid already, what is planned already and what is nothing leaves no fee", () => {
  const records = [record(10, "2024-01-01T00:00:01Z")];
  const ahead = chargeOf({ pay_in_advance: true });
  assert.deepEqual(billed(ahead, { records, paid: dec(10) }), []);
  const [planned] = billed(ahead, { records });
  const { period } = due("a", { plan: { fixed_charges: [ahead] } });
  const window = { ...currentFixedChargesWindow(period.terms, period.timestamp), known_until: period.timestamp };
  assert.deepEqual(fixedChargeFees({ ...period, ahead: window }, facts({ records }), [planned as PlannedFee]), []);
  assert.deepEqual(billed(chargeOf(), { records: [record(0, "2024-01-01T00:00:01Z")] }), []);
});

test("units that begin to count after the moment that is billed for are billed by themselves", () => {
  const records = [record(10, "2024-01-01T00:00:01Z"), record(15, "2024-03-06T00:00:00Z")];
  assert.deepEqual(told(billed(chargeOf({ pay_in_advance: true }), { records })), [[10000n, "10", ...MARCH]]);
});

test("4.6: what an upgrade leaves of a paid add-on is taken from the new fee, down to nothing", () => {
  const charge = chargeOf({ pay_in_advance: true, prorated: true });
  const started = at("2023-08-21T12:00:00Z");
  const { period } = due("a", {
    day: "2023-08-21",
    plan: { fixed_charges: [charge] },
    subscription: { started_at: started, subscription_at: started, previous_subscription_id: "b" },
    period: { reason: "subscription_starting", timestamp: started },
  });
  const ahead = { ...currentFixedChargesWindow(period.terms, started), known_until: at("2023-08-21T12:00:01Z") };
  const before = { amount_cents: 1500n, timestamp: at("2023-08-01T00:00:00Z"), to: at("2023-09-01T00:00:00Z") };
  const feeFor = (amount_cents: bigint) =>
    fixedChargeFees(
      { ...period, ahead },
      facts({ records: [record(10, "2023-08-21T12:00:01Z")], before: { ...before, amount_cents } }),
      [],
    )[0]?.amount_cents;
  assert.equal(feeFor(1500n), 3016n);
  assert.equal(feeFor(900_000n), 0n);
});

const TIERS = {
  graduated_ranges: [
    { from_value: 0, to_value: 5, per_unit_amount: "10", flat_amount: "1" },
    { from_value: 6, to_value: null, per_unit_amount: "5", flat_amount: "2" },
  ],
};

test("5.9 of the metering spec: a prorated graduated charge takes its units as one change", () => {
  const charge = chargeOf({ charge_model: "graduated", prorated: true, properties: TIERS });
  const records = [record(10, "2024-02-15T00:00:00Z")];
  // (5 × 10 + 5 × 5) × 15/29, and both flat fees.
  const [fee] = billed(charge, { records });
  assert.equal(fee?.precise_amount_cents.toFixed(2), (7500 * (15 / 29) + 300).toFixed(2));
});

test("a commitment counts what fixed charges come to", () => {
  const commitment = { id: "m", amount_cents: 20000n, invoice_display_name: null };
  const rated = due("a", {
    plan: {
      minimum_commitment: commitment,
      fixed_charges: [chargeOf(), chargeOf({ id: "ahead", pay_in_advance: true })],
    },
    period: { bills_fixed_charges: true },
  });
  const { terms, timestamp } = rated.period;
  const ahead = { ...currentFixedChargesWindow(terms, timestamp), known_until: timestamp };
  const fixed_charges = facts({ records: [record(10, "2024-01-01T00:00:01Z")] });
  const [invoice] = planInvoices(
    CUSTOMER,
    [{ ...rated, period: { ...rated.period, ahead }, fixed_charges }],
    rated.period.day,
  );
  const fees = invoice?.periods[0]?.fees.map(({ fee_type, amount_cents }) => [fee_type, amount_cents]);
  // March's units count in March.
  assert.deepEqual(fees, [
    ["subscription", 3000n],
    ["charge", 50n],
    ["fixed_charge", 10000n],
    ["fixed_charge", 10000n],
    ["commitment", 6950n],
  ]);
});

const WINDOW: UsageWindow = { from: at(MARCH[0] as string), to: at(MARCH[1] as string), duration_days: 31 };

const change = (units: number, paid: number, day: number, charge = chargeOf({ pay_in_advance: true })) =>
  unitsFee({
    ...{ charge, units: dec(units), paid: dec(paid), window: WINDOW, timezone: "UTC", currency: "EUR" },
    at: at(`2024-03-${String(day).padStart(2, "0")}T00:00:00Z`),
  });

test("4.7 of the subscriptions spec: more units cost the difference with what is paid, fewer nothing", () => {
  const shown = ({ units, amount_cents, unit_amount_cents }: PlannedFee) => [
    units.toFixed(),
    amount_cents,
    unit_amount_cents,
  ];
  assert.deepEqual(shown(change(15, 10, 6)), ["5", 5000n, 1000n]);
  assert.deepEqual(shown(change(5, 10, 6)), ["0", 0n, 0n]);
  assert.deepEqual(shown(change(10, 10, 6)), ["0", 0n, 0n]);
  const prorated = chargeOf({ pay_in_advance: true, prorated: true });
  assert.deepEqual(shown(change(15, 10, 6, prorated)), ["5", 4194n, 839n]);
});

test("prorated and in advance, the first fee and those of every increase come to what the period costs as a whole", () => {
  const zones = fc.constantFrom("UTC", "America/New_York", "Asia/Kolkata");
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 50 })), { maxLength: 6 });
  fc.assert(
    fc.property(zones, steps, fc.integer({ min: 1, max: 40 }), (timezone, increases, first) => {
      const charge = chargeOf({ pay_in_advance: true, prorated: true, properties: { amount: "7.31" } });
      const dayOf = (day: number) => startOfDay(Temporal.PlainDate.from("2024-03-01").add({ days: day }), timezone);
      const window: UsageWindow = { from: dayOf(0), to: dayOf(31), duration_days: 31 };
      const shared = { charge, window, timezone, currency: "EUR" };
      const changes = [...increases].sort(([a], [b]) => a - b);
      const records: UnitRecord[] = [{ units: dec(first), effective_at: window.from }];
      const fees = [unitsFee({ ...shared, units: dec(first), paid: ZERO, at: window.from })];
      for (const [day, more] of changes) {
        const paid = sum(fees.map((fee) => fee.units));
        const units = paid.plus(more);
        records.push({ units, effective_at: dayOf(day) });
        fees.push(unitsFee({ ...shared, units, paid, at: dayOf(day) }));
      }
      const whole = fixedChargeUnits(records, { ...window, timezone }, true);
      const paid = sum(fees.map(({ total_aggregated_units }) => total_aggregated_units));
      // Each record's share is rounded at 6 decimals.
      assert.ok(paid.minus(whole.units).abs().lte(dec("0.0000005").times(records.length)), `${paid} ${whole.units}`);
      const amount = sum(fees.map(({ precise_amount_cents }) => precise_amount_cents));
      assert.ok(amount.minus(whole.units.times(731)).abs().lt(1));
      assert.ok(sum(fees.map((fee) => fee.units)).eq(whole.full_units));
    }),
  );
});

test("a price that cannot be read is told by its fixed charge, and by what it says", () => {
  const records = [record(10, "2024-01-01T00:00:01Z")];
  const broken = chargeOf({ properties: { amount: "a lot" } });
  assert.throws(() => billed(broken, { records }), {
    message: 'fixed charge seats: the properties {"amount":"a lot"} are no standard price: Invalid number',
  });
});
