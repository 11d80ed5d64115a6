/** The figures of appendix A of the subscriptions spec that need no tax and no credit note, and the links of 4.3. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toInclusiveEnd } from "../../kernel/wire.ts";
import { type BillingTerms, startingWindows, terminationBilling, windowsAt } from "../../subscriptions/index.ts";
import { subscriptionFeeAmount } from "./subscription-fee.ts";

const at = (text: string) => Temporal.Instant.from(text);
const day = (text: string) => Temporal.PlainDate.from(text);

function terms(given: Partial<BillingTerms> & { started_at: Temporal.Instant }): BillingTerms {
  return {
    interval: "monthly",
    billing_time: "calendar",
    pay_in_advance: true,
    bill_charges_monthly: false,
    bill_fixed_charges_monthly: false,
    subscription_at: given.started_at,
    created_at: given.started_at,
    ending_at: null,
    terminated_at: null,
    terminated_by: null,
    trial_ends_at: null,
    pauses: [],
    timezone: "UTC",
    ...given,
  };
}

/** What the start of a link costs; `isFirstLink`: nothing went before it. */
const starting = (life: BillingTerms, amount_cents: bigint, isFirstLink = false) =>
  subscriptionFeeAmount({ amount_cents }, life, startingWindows(life), { isFirstLink }).amount_cents;

const periodic = (life: BillingTerms, amount_cents: bigint, on: string) =>
  subscriptionFeeAmount({ amount_cents }, life, windowsAt(life, day(on)), { isFirstLink: false }).amount_cents;

/** What the end of a link in arrears costs that is billed up to `billed`. */
function ending(life: BillingTerms, amount_cents: bigint, billed: string): bigint {
  const billed_until = at(billed);
  const { windows } = terminationBilling("s", life, [
    { kind: "subscription", billed_until, next_due_at: null },
    { kind: "charges", billed_until, next_due_at: null },
  ]);
  return subscriptionFeeAmount({ amount_cents }, life, windows, { isFirstLink: false }).amount_cents;
}

test("A1, A2: two upgrades on one day, by the calendar and by the anniversary", () => {
  const first = terms({ started_at: at("2024-03-05T12:12:00Z") });
  const second = terms({ subscription_at: first.started_at, started_at: at("2024-03-12T12:12:00Z") });
  const third = { ...second, started_at: at("2024-03-12T13:12:00Z") };
  const prices = [1000n, 1500n, 1900n] as const;
  assert.deepEqual(
    [starting(first, prices[0], true), starting(second, prices[1]), starting(third, prices[2])],
    [871n, 968n, 1226n],
  );
  const anniversary = (life: BillingTerms): BillingTerms => ({ ...life, billing_time: "anniversary" });
  assert.deepEqual(
    [
      starting(anniversary(first), prices[0], true),
      starting(anniversary(second), prices[1]),
      starting(anniversary(third), prices[2]),
    ],
    [1000n, 1161n, 1471n],
  );
});

test("A3 to A5: trials of 10, 13 and 45 days", () => {
  const life = terms({ started_at: at("2024-03-05T12:12:00Z") });
  const ten = { ...life, trial_ends_at: at("2024-03-15T12:12:00Z") };
  assert.equal(starting(ten, 5_000_000n, true), 2_741_935n);
  const upgraded = terms({
    subscription_at: life.started_at,
    started_at: at("2024-03-10T12:12:00Z"),
    trial_ends_at: at("2024-03-18T12:12:00Z"),
  });
  assert.equal(starting(upgraded, 10_000_000n), 4_516_129n);
  assert.equal(periodic(upgraded, 10_000_000n, "2024-04-01"), 10_000_000n);
  const long = { ...life, trial_ends_at: at("2024-04-19T12:12:00Z") };
  assert.equal(periodic(long, 5_000_000n, "2024-04-01"), 2_000_000n);
  assert.equal(periodic({ ...long, pay_in_advance: false }, 5_000_000n, "2024-04-01"), 0n, "all of March is free");
});

test("A6: a quarter that an upgrade began and an end cut short", () => {
  const life = terms({
    interval: "quarterly",
    billing_time: "anniversary",
    pay_in_advance: false,
    subscription_at: at("2024-01-15T10:00:00Z"),
    started_at: at("2024-05-20T10:00:00Z"),
    terminated_at: at("2024-06-20T10:00:00Z"),
    terminated_by: "request",
  });
  assert.equal(ending(life, 91_000n, "2024-05-20T00:00:00Z"), 32_000n);
  const calendar: BillingTerms = { ...life, billing_time: "calendar" };
  assert.equal(ending(calendar, 91_000n, "2024-05-20T00:00:00Z"), 32_000n);
});

test("A7: the first year of a yearly plan that a downgrade moved to", () => {
  const life = terms({
    interval: "yearly",
    billing_time: "anniversary",
    subscription_at: at("2023-07-19T12:12:00Z"),
    started_at: at("2023-11-19T00:10:00Z"),
  });
  assert.equal(starting(life, 118_800n), 78_875n);
  const { subscription } = startingWindows(life);
  assert.deepEqual(
    [String(subscription.from), String(subscription.to)],
    ["2023-11-19T00:00:00Z", "2024-07-19T00:00:00Z"],
  );
});

test("A8: in advance, by the anniversary: the coming month's fee, and usage from the very instant of the start", () => {
  const life = terms({ billing_time: "anniversary", started_at: at("2023-07-19T12:12:00Z") });
  const shown = (window: { readonly from: Temporal.Instant; readonly to: Temporal.Instant } | null) =>
    `${window?.from} ${window && toInclusiveEnd(window.to)}`;
  assert.equal(shown(startingWindows(life).subscription), "2023-07-19T00:00:00Z 2023-08-18T23:59:59Z");
  const august = windowsAt(life, day("2023-08-19"));
  assert.equal(shown(august.subscription), "2023-08-19T00:00:00Z 2023-09-18T23:59:59Z");
  assert.equal(shown(august.charges), "2023-07-19T12:12:00Z 2023-08-18T23:59:59Z");
  const september = windowsAt(life, day("2023-09-19"));
  assert.equal(shown(september.charges), "2023-08-19T00:00:00Z 2023-09-18T23:59:59Z");
});

test("4.3: the day of an upgrade is the new plan's", () => {
  const old = terms({
    pay_in_advance: false,
    started_at: at("2024-01-01T00:00:00Z"),
    terminated_at: at("2024-02-12T15:30:00Z"),
  });
  assert.equal(ending({ ...old, terminated_by: "request" }, 3000n, "2024-02-01T00:00:00Z"), 1241n);
  assert.equal(ending({ ...old, terminated_by: "upgrade" }, 3000n, "2024-02-01T00:00:00Z"), 1138n);
  const next = terms({ subscription_at: old.started_at, started_at: at("2024-02-12T15:30:00Z") });
  assert.equal(starting(next, 6000n), 3724n);
  assert.equal(periodic({ ...next, pay_in_advance: false }, 6000n, "2024-03-01"), 3724n);
  const yearly = terms({
    interval: "yearly",
    billing_time: "anniversary",
    subscription_at: at("2023-06-29T12:12:00Z"),
    started_at: at("2023-09-28T05:00:00Z"),
  });
  assert.equal(starting(yearly, 12_000n), 9016n);
  const sameDay = { ...old, started_at: at("2024-02-12T09:00:00Z"), subscription_at: at("2024-02-12T09:00:00Z") };
  assert.equal(ending({ ...sameDay, terminated_by: "upgrade" }, 3000n, "2024-02-12T00:00:00Z"), 0n);
});
