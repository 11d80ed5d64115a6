// The tour of README.md from JavaScript: KEY=<the sandbox's API key> node examples/tour.mjs
// URL says where Weir listens, http://127.0.0.1:3000 when it is not given.
import { Client } from "lago-javascript-client";

const url = process.env.URL ?? "http://127.0.0.1:3000";
const lago = Client(process.env.KEY, { baseUrl: `${url}/api/v1` });

await lago.customers.createCustomer({
  customer: { external_id: "acme-brazil", name: "Acme Brasil", currency: "EUR", timezone: "America/Sao_Paulo" },
});
await lago.subscriptions.createSubscription({
  subscription: { external_customer_id: "acme-brazil", external_id: "sub-2", plan_code: "pro" },
});
await lago.events.createBatchEvents({
  events: [1200, 800, 500].map((count, n) => ({
    transaction_id: `feb-${n}`,
    external_subscription_id: "sub-2",
    code: "calls",
    timestamp: 1770300000 + n,
    properties: { count },
  })),
});

const usage = await lago.customers.findCustomerCurrentUsage("acme-brazil", { external_subscription_id: "sub-2" });
const [calls] = usage.data.customer_usage.charges_usage;
console.log(`${calls.units} calls so far: ${calls.amount_cents} cents`);

// A sandbox's clock is Weir's own: the client does not know it.
await fetch(`${url}/api/v1/test_clock/advance`, {
  method: "POST",
  headers: { authorization: `Bearer ${process.env.KEY}`, "content-type": "application/json" },
  body: JSON.stringify({ test_clock: { now: "2026-03-02T00:00:00Z" } }),
});

const { data } = await lago.invoices.findAllInvoices({ external_customer_id: "acme-brazil" });
for (const { number, issuing_date, total_amount_cents, currency } of data.invoices) {
  console.log(`${number} of ${issuing_date}: ${total_amount_cents} cents ${currency}`);
}
