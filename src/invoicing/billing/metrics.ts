/** What the operator sees of billing. */
import { Counter } from "prom-client";
import { metrics } from "../../http/metrics.ts";

export const invoicesMade = new Counter({
  name: "weir_invoices_total",
  help: "Subscription invoices made by this process, closed ones among them",
  registers: [metrics],
});

export const customersSetAside = new Counter({
  name: "weir_billing_set_aside_total",
  help: "Customers whose billing failed and was set aside to be tried again (table billing_failures has the reasons)",
  registers: [metrics],
});
