import assert from "node:assert/strict";
import { test } from "node:test";
import { planInvoices } from "./plan-invoices.ts";
import { CUSTOMER, due, ENTITY } from "./testing.ts";

const TODAY = Temporal.PlainDate.from("2024-03-01");

const idsOf = (invoices: ReturnType<typeof planInvoices>) =>
  invoices.map(({ periods }) => periods.map(({ subscription }) => subscription.id));

test("what shares currency, entity and purchase order number shares an invoice, in the order of the subscriptions", () => {
  const other = { ...ENTITY, id: "entity-2" };
  const invoices = planInvoices(
    CUSTOMER,
    [
      due("a"),
      due("b", { plan: { amount_currency: "USD" } }),
      due("c"),
      due("d", { subscription: { consolidate_invoice: false } }),
      due("e", { subscription: { purchase_order_number: "PO-1" } }),
      due("f", { period: { billing_entity: other } }),
      due("g", { subscription: { purchase_order_number: "PO-1" } }),
      due("h", { subscription: { consolidate_invoice: false } }),
    ],
    TODAY,
  );
  assert.deepEqual(idsOf(invoices), [["a", "c"], ["b"], ["d"], ["e", "g"], ["f"], ["h"]]);
  assert.equal(invoices[3]?.purchase_order_number, "PO-1");
  assert.equal(invoices[1]?.currency, "USD");
});

test("each missed day is an invoice of its own, the oldest first, all issued on the day of the run", () => {
  const invoices = planInvoices(
    CUSTOMER,
    [due("a", { day: "2024-02-01" }), due("a"), due("b", { day: "2024-02-01" }), due("b")],
    TODAY,
  );
  assert.deepEqual(idsOf(invoices), [
    ["a", "b"],
    ["a", "b"],
  ]);
  const froms = invoices.map(({ periods }) => periods[0]?.windows.subscription.from.toString());
  assert.deepEqual(froms, ["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"]);
  for (const { dates } of invoices) assert.equal(dates.issuing_date.toString(), "2024-03-01");
});

test("fees stand in the contract's order and add up to the invoice", () => {
  const [invoice] = planInvoices(CUSTOMER, [due("a"), due("b", { units: 7 })], TODAY);
  const fees = invoice?.periods.flatMap((period) => period.fees) ?? [];
  assert.deepEqual(
    fees.map(({ fee_type, amount_cents }) => [fee_type, amount_cents]),
    [
      ["subscription", 3000n],
      ["charge", 50n],
      ["subscription", 3000n],
      ["charge", 70n],
    ],
  );
  assert.equal(invoice?.totals.total_amount_cents, 6120n);
});

test("a charge without usage leaves no fee, and a fee that is not due is not there", () => {
  const [invoice] = planInvoices(CUSTOMER, [due("a", { units: 0, period: { bills_subscription_fee: false } })], TODAY);
  assert.deepEqual(invoice?.periods[0]?.fees, []);
  assert.equal(invoice?.status, "finalized");
  const [closed] = planInvoices(
    { ...CUSTOMER, finalize_zero_amount_invoice: false },
    [due("a", { units: 0, plan: { amount_cents: 0n } })],
    TODAY,
  );
  assert.equal(closed?.status, "closed");
});
