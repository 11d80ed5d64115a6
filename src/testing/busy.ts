/** An organization that has one of everything which the API can make today. */
import type { Client, TestServer } from "./server.ts";

export interface BusyOrganization {
  readonly client: Client;
  /** Names and ids by the key under which bodies and queries give them. */
  readonly known: Readonly<Record<string, string>>;
  /** Names and ids by the collection that a path reads them from: "/plans" → "plan_a". */
  readonly paths: Readonly<Record<string, string>>;
}

/** A plan with a charge and its filter, and what they need. */
async function sell(client: Client, name: string) {
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: {
      ...{ name: "Tokens", code: `metric_${name}`, aggregation_type: "sum_agg", field_name: "tokens" },
      filters: [{ key: "region", values: ["eu", "us"] }],
    },
  });
  const { pricing_unit } = await client.must("POST", "/pricing_units", {
    pricing_unit: { name: "Credits", code: `unit_${name}`, short_name: "CR" },
  });
  const { add_on } = await client.must("POST", "/add_ons", {
    add_on: { name: "Setup", code: `add_on_${name}`, amount_cents: 500, amount_currency: "EUR" },
  });
  const charges = [
    {
      ...{ billable_metric_id: billable_metric.lago_id, charge_model: "standard", properties: { amount: "0.5" } },
      filters: [{ values: { region: ["eu"] }, properties: { amount: "0.25" } }],
    },
  ];
  const fixed_charges = [
    { add_on_id: add_on.lago_id, charge_model: "standard", units: 2, properties: { amount: "3" } },
  ];
  const terms = { interval: "monthly", amount_cents: 1000, amount_currency: "EUR", pay_in_advance: false };
  const created = await client.must("POST", "/plans", {
    plan: { name: "Plan", code: `plan_${name}`, ...terms, charges, fixed_charges },
  });
  return {
    billable_metric,
    pricing_unit,
    add_on,
    charge: created.plan.charges[0],
    fixed_charge: created.plan.fixed_charges[0],
  };
}

/** `name` tells its codes from those of other organizations. */
export async function createBusyOrganization(server: TestServer, name: string): Promise<BusyOrganization> {
  const client = await server.organization();
  await client.at("2024-03-10T00:00:00Z");
  const [metric, plan, customer, subscription, event] = ["metric", "plan", "customer", "subscription", "event"].map(
    (word) => `${word}_${name}`,
  ) as [string, string, string, string, string];
  const { billable_metric, pricing_unit, add_on, charge, fixed_charge } = await sell(client, name);
  await client.must("POST", "/customers", { customer: { external_id: customer, name: "Customer", currency: "EUR" } });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: customer, external_id: subscription, plan_code: plan },
  });
  await client.must("POST", "/events", {
    event: { transaction_id: event, external_subscription_id: subscription, code: metric, properties: { tokens: 7 } },
  });
  const { api_key } = await client.must("POST", "/api_keys", { api_key: { name: "Other" } });
  const { billing_entity } = await client.must("POST", "/billing_entities", {
    billing_entity: { code: `entity_${name}`, name: "Entity" },
  });
  await client.at("2024-04-01T00:10:00Z");
  await client.run("billing");
  const { invoices } = await client.must("GET", "/invoices");
  const { fees } = await client.must("GET", "/fees");
  const { billing_runs } = await client.must("GET", "/billing_runs");
  return {
    client,
    known: {
      billable_metric_id: billable_metric.lago_id,
      billable_metric_code: metric,
      plan_code: plan,
      charge_code: charge.code,
      fixed_charge_code: fixed_charge.code,
      add_on_code: add_on.code,
      filter_id: charge.filters[0].lago_id,
      external_customer_id: customer,
      external_subscription_id: subscription,
      transaction_id: event,
      code: metric,
      external_id: subscription,
      billing_entity_code: billing_entity.code,
      lago_id: invoices[0].lago_id,
      id: api_key.lago_id,
    },
    paths: {
      "/billable_metrics": metric,
      "/plans": plan,
      "/pricing_units": pricing_unit.code,
      "/add_ons": add_on.code,
      "/customers": customer,
      "/subscriptions": subscription,
      "/events": event,
      "/api_keys": api_key.lago_id,
      "/billing_entities": billing_entity.code,
      "/invoices": invoices[0].lago_id,
      "/fees": fees[0].lago_id,
      "/billing_runs": billing_runs[0].lago_id,
    },
  };
}
