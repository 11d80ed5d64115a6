import assert from "node:assert/strict";
import { test } from "node:test";
import { invoiceDates } from "./dates.ts";

const MARCH_1 = Temporal.PlainDate.from("2024-03-01");

test("the issuing date by anchor, adjustment and grace period", () => {
  // [periodic, anchor, adjustment, grace days, issuing date]
  const table = [
    [false, "current_period_end", "keep_anchor", 3, "2024-03-04"],
    [false, "next_period_start", "align_with_finalization_date", 0, "2024-03-01"],
    [true, "next_period_start", "align_with_finalization_date", 3, "2024-03-04"],
    [true, "next_period_start", "align_with_finalization_date", 0, "2024-03-01"],
    [true, "next_period_start", "keep_anchor", 3, "2024-03-01"],
    [true, "current_period_end", "keep_anchor", 3, "2024-02-29"],
    [true, "current_period_end", "keep_anchor", 0, "2024-02-29"],
    [true, "current_period_end", "align_with_finalization_date", 3, "2024-03-04"],
    [true, "current_period_end", "align_with_finalization_date", 0, "2024-02-29"],
  ] as const;
  for (const [isPeriodic, issuing_date_anchor, issuing_date_adjustment, invoice_grace_period, expected] of table) {
    const settings = { issuing_date_anchor, issuing_date_adjustment, invoice_grace_period, net_payment_term: 30 };
    const dates = invoiceDates(MARCH_1, settings, isPeriodic);
    const label = `${isPeriodic} ${issuing_date_anchor} ${issuing_date_adjustment} ${invoice_grace_period}`;
    assert.equal(dates.issuing_date.toString(), expected, label);
    assert.equal(
      dates.payment_due_date.toString(),
      Temporal.PlainDate.from(expected).add({ days: 30 }).toString(),
      label,
    );
    assert.equal(
      dates.expected_finalization_date.toString(),
      MARCH_1.add({ days: invoice_grace_period }).toString(),
      label,
    );
  }
});
