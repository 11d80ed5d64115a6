import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { finalStatus, invoiceTotals } from "./totals.ts";

test("the total is the sum of the fees, at every step of the way", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n })), (amounts) => {
      const totals = invoiceTotals(amounts.map((amount_cents) => ({ amount_cents })));
      const sum = amounts.reduce((a, b) => a + b, 0n);
      assert.equal(totals.fees_amount_cents, sum);
      assert.equal(totals.sub_total_excluding_taxes_amount_cents, sum);
      assert.equal(totals.sub_total_including_taxes_amount_cents, sum);
      assert.equal(totals.total_amount_cents, sum);
    }),
  );
});

test("an invoice of nothing is closed only where it is not wanted, and it is the fees that count", () => {
  const nothing = invoiceTotals([{ amount_cents: 0n }]);
  assert.equal(finalStatus(nothing, { finalize_zero_amount_invoice: true }), "finalized");
  assert.equal(finalStatus(nothing, { finalize_zero_amount_invoice: false }), "closed");
  const coveredByCoupons = { ...invoiceTotals([{ amount_cents: 5n }]), total_amount_cents: 0n };
  assert.equal(finalStatus(coveredByCoupons, { finalize_zero_amount_invoice: false }), "finalized");
});
