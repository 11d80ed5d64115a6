import assert from "node:assert/strict";
import { test } from "node:test";
import type { Charge } from "../../catalog/index.ts";
import { toInclusiveEnd, toSeconds } from "../../kernel/wire.ts";
import { chargeOf, chargeUsage } from "../usage/testing.ts";
import { billedDays, ratedCharges } from "./billed-charges.ts";
import { chargeFees } from "./charge-fees.ts";
import type { DuePeriod } from "./due-periods.ts";
import { at, CHARGE, due, PLAN } from "./testing.ts";

const recurring = { recurring: true, aggregation_type: "unique_count_agg" } as const;
const named = (code: string, metric: Partial<Charge["billable_metric"]>, terms: Partial<Charge> = {}) =>
  chargeOf("standard", { amount: "30" }, metric, { id: code, code, ...terms });

const METERED = named("metered", {});
const SEATS = named("seats", { ...recurring, id: "m-seats" });
const PRORATED = named("prorated", { ...recurring, id: "m-prorated" }, { prorated: true });
const AT_EVENTS = named("at_events", {}, { pay_in_advance: true });
const RENEWED = named("renewed", { ...recurring, id: "m-renewed" }, { pay_in_advance: true });
const ALONE = named("alone", { ...recurring, id: "m-alone" }, { pay_in_advance: true, invoiceable: false });
const charges = [METERED, SEATS, PRORATED, AT_EVENTS, RENEWED, ALONE];

const periodOf = (change: Partial<DuePeriod> = {}, subscription: Parameters<typeof due>[1] = {}) =>
  due("a", { plan: { charges }, period: change, ...subscription }).period;
const codes = (period: DuePeriod) => ratedCharges(period).map(({ code }) => code);

const ended = (terminated_by: "request" | "upgrade" | "downgrade") => ({
  subscription: { status: "terminated" as const, terminated_at: at("2024-02-12T15:30:00Z"), terminated_by },
});

test("8.1: what is charged at its events alone is on no periodic invoice, what recurs is renewed", () => {
  assert.deepEqual(codes(periodOf()), ["metered", "seats", "prorated", "renewed", "alone"]);
});

test("7.6: nothing is renewed for a subscription that ends, but where a cheaper plan follows", () => {
  const ending = { reason: "subscription_terminating" } as const;
  assert.deepEqual(codes(periodOf(ending, ended("request"))), ["metered", "seats", "prorated"]);
  const next = { ...ending, successor_plan: { ...PLAN, charges: [] } };
  assert.deepEqual(codes(periodOf(next, ended("upgrade"))), ["metered", "seats", "prorated"]);
  assert.deepEqual(codes(periodOf(next, ended("downgrade"))), ["metered", "seats", "prorated", "renewed", "alone"]);
});

test("8.1: an upgrade leaves recurring usage to the successor that counts it too, but for what is prorated", () => {
  const period = { reason: "subscription_terminating", successor_plan: { ...PLAN, charges } } as const;
  assert.deepEqual(codes(periodOf(period, ended("upgrade"))), ["metered", "prorated"]);
  assert.deepEqual(codes(periodOf(period, ended("request"))), ["metered", "seats", "prorated"]);
});

test("7.6: renewals without an invoice wait where the subscription replaced another one today", () => {
  const started = { previous_subscription_id: "b", started_at: at("2024-03-01T00:10:00Z") };
  const period = periodOf({}, { subscription: started });
  assert.deepEqual(codes(period), ["metered", "seats", "prorated", "renewed"]);
});

test("the day of an upgrade is the successor's, that of any other end is paid", () => {
  const window = { from: at("2024-02-01T00:00:00Z"), to: at("2024-02-12T15:30:00.000001Z") };
  const successor_plan = PLAN;
  assert.equal(billedDays(periodOf({ successor_plan }, ended("upgrade")), window), 11);
  assert.equal(billedDays(periodOf({ successor_plan }, ended("downgrade")), window), 12);
  assert.equal(billedDays(periodOf({}, ended("request")), window), 12);
  const earlier = { from: at("2024-01-01T00:00:00Z"), to: at("2024-02-01T00:00:00Z") };
  assert.equal(billedDays(periodOf({ successor_plan }, ended("upgrade")), earlier), 31, "a missed period is whole");
});

test("7.6: renewals are fees of the period to come; those without an invoice are kept even when zero", () => {
  const both = due("a", { plan: { charges: [METERED, RENEWED, ALONE] }, units: 5 });
  const { fees, standalone_fees } = chargeFees(both);
  const shown = ({ charge_id, amount_cents, pay_in_advance, invoiceable, from, to }: (typeof fees)[number]) => [
    ...[charge_id, amount_cents, pay_in_advance, invoiceable],
    `${toSeconds(from)} ${toInclusiveEnd(to)}`,
  ];
  assert.deepEqual(fees.map(shown), [
    ["metered", 15_000n, false, true, "2024-02-01T00:00:00Z 2024-02-29T23:59:59Z"],
    ["renewed", 15_000n, false, true, "2024-03-01T00:00:00Z 2024-03-31T23:59:59Z"],
  ]);
  assert.deepEqual(standalone_fees.map(shown), [
    ["alone", 15_000n, true, false, "2024-03-01T00:00:00Z 2024-03-31T23:59:59Z"],
  ]);
  const unused = chargeFees(due("a", { plan: { charges: [METERED, RENEWED, ALONE] }, units: 0 }));
  assert.deepEqual(unused.fees, []);
  assert.equal(unused.standalone_fees.length, 1);
});

test("8.4: a minimum is not missing on a renewal, and keeps the fee that it hangs on", () => {
  const least = { ...CHARGE, min_amount_cents: 100n };
  const { fees } = chargeFees(due("a", { plan: { charges: [least] }, units: 0 }));
  assert.deepEqual(
    fees.map(({ amount_cents, true_up_of }) => [amount_cents, true_up_of?.amount_cents]),
    [
      [0n, undefined],
      [100n, 0n],
    ],
  );
  assert.equal(fees[1]?.true_up_of, fees[0]);
});

test("2.6: recurring weighted sums leave the level that they end with, dated by the last event or the window's start", () => {
  const weighted = named("level", { recurring: true, aggregation_type: "weighted_sum_agg" });
  const { levels } = chargeFees(due("a", { plan: { charges: [METERED, weighted] }, units: 5 }));
  assert.deepEqual(
    levels.map(({ charge_id, level, timestamp }) => [charge_id, level.toFixed(), toSeconds(timestamp)]),
    [["level", "5", "2024-02-01T00:00:00Z"]],
  );
});

test("a price that cannot be read is told by its charge, metric and plan, and by what it says", () => {
  const broken = chargeOf("standard", { amount: "a lot" } as Charge["properties"], { code: "gb" }, { code: "storage" });
  const { period } = due("a", { plan: { code: "pro", charges: [broken] } });
  assert.throws(() => chargeFees({ period, usage: [chargeUsage(broken, [{ filter: "default", units: 1 }])] }), {
    message:
      'charge storage (metric gb, plan pro): the properties {"amount":"a lot"} are no standard price: Invalid number',
  });
});
