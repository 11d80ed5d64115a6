import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec, sum } from "../../kernel/decimal.ts";
import { chargeOf, chargeUsage, creditsOf, filterOf } from "../usage/testing.ts";
import { usageFees } from "../usage/usage-fees.ts";
import { trueUp } from "./true-up.ts";

const WHOLE = { billed_days: 28, period_days: 28 };
const ENDED = { billed_days: 25, period_days: 28 };

const filtered = chargeOf(
  "standard",
  { amount: "0" },
  { aggregation_type: "count_agg" },
  {
    min_amount_cents: 10_000n,
    filters: [
      filterOf(1, { region: ["europe"] }, { amount: "20" }),
      filterOf(2, { region: ["usa"] }, { amount: "50" }),
    ],
  },
);
const bothUsed = usageFees(
  chargeUsage(filtered, [
    { filter: 0, units: 1 },
    { filter: 1, units: 1 },
  ]),
  "EUR",
);

test("G10: the minimum is made up over all filters, on the default bucket's fee", () => {
  const missing = trueUp(filtered, bothUsed, WHOLE, "EUR");
  assert.equal(missing?.amount_cents, 3_000n);
  assert.equal(missing?.filter, null);
  assert.equal(missing?.true_up_of, bothUsed.at(-1));
  assert.equal(missing?.units.toFixed(), "1");
  assert.equal(missing?.events_count, 0);
  assert.equal(missing?.precise_unit_amount.toFixed(), "30");
});

test("G10: of a part of the period that part of the minimum: 8928.57 less 7000 are 1929", () => {
  const missing = trueUp(filtered, bothUsed, ENDED, "EUR");
  assert.equal(missing?.amount_cents, 1_929n);
  assert.equal(missing?.precise_amount_cents.toFixed(), "1928.571428571428571");
});

test("8.4: one event at 8.00 and 25 days of 28 leave 93 of a minimum of 10.00; 15 of 31 days leave 2239 of 100.00", () => {
  const charge = chargeOf("standard", { amount: "8" }, {}, { min_amount_cents: 1_000n });
  const fees = usageFees(chargeUsage(charge, [{ filter: "default", units: 1 }]), "EUR");
  assert.equal(trueUp(charge, fees, ENDED, "EUR")?.amount_cents, 93n);
  const dear = chargeOf("standard", { amount: "26" }, {}, { min_amount_cents: 10_000n });
  const used = usageFees(chargeUsage(dear, [{ filter: "default", units: 1 }]), "EUR");
  assert.equal(trueUp(dear, used, { billed_days: 15, period_days: 31 }, "EUR")?.amount_cents, 2_239n);
});

test("nothing is missing where the minimum is reached, or where there is none", () => {
  const charge = chargeOf("standard", { amount: "10" }, {}, { min_amount_cents: 1_000n });
  const fees = usageFees(chargeUsage(charge, [{ filter: "default", units: 1 }]), "EUR");
  assert.equal(trueUp(charge, fees, WHOLE, "EUR"), null);
  assert.equal(trueUp({ ...charge, min_amount_cents: 0n }, fees, WHOLE, "EUR"), null);
});

test("12.2: a minimum in credits is made up in credits, and then converted", () => {
  const charge = chargeOf(
    "standard",
    { amount: "1" },
    {},
    {
      min_amount_cents: 1_000n,
      applied_pricing_unit: creditsOf("0.333"),
    },
  );
  const fees = usageFees(chargeUsage(charge, [{ filter: "default", units: 4 }]), "EUR");
  const missing = trueUp(charge, fees, WHOLE, "EUR");
  assert.equal(missing?.pricing_unit?.amount_cents, 600n);
  assert.equal(missing?.amount_cents, 200n, "6.00 credits are 1.998");
  assert.equal(missing?.precise_amount_cents.toFixed(), "199.8");
});

test("the fees and what is missing come to exactly the minimum, rounded", () => {
  const minimum = fc.bigInt({ min: 1n, max: 1_000_000n });
  const days = fc.tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 28, max: 31 }));
  const units = fc.array(fc.nat(2_000), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(minimum, days, units, (min_amount_cents, [billed, period_days], used) => {
      const charge = chargeOf("standard", { amount: "1.234", pricing_group_keys: ["user"] }, {}, { min_amount_cents });
      const groups = used.map((some, user) => ({
        filter: "default" as const,
        group: { user: `${user}` },
        units: some,
      }));
      const fees = usageFees(chargeUsage(charge, groups), "EUR");
      const part = { billed_days: Math.min(billed, period_days), period_days };
      const missing = trueUp(charge, fees, part, "EUR");
      const least = dec(min_amount_cents).times(part.billed_days).div(period_days);
      const total = sum([...fees, ...(missing === null ? [] : [missing])].map(({ amount_cents }) => dec(amount_cents)));
      if (missing === null) assert.ok(total.gte(least));
      else assert.ok(total.minus(least).abs().lte("0.5"), `${total} is not ${least}`);
    }),
    { numRuns: 2_000 },
  );
});
