/** Stories of subscriptions, told over HTTP, and how they are told again. */
import type { Client, TestServer } from "../testing/server.ts";

export type Given = Record<string, unknown>;

/** Plans by code; monthly ones in arrears but for what is given. */
export async function organizationAt(
  server: TestServer,
  at: string,
  plans: Readonly<Record<string, Given>>,
  customer: Given = {},
): Promise<Client> {
  const client = await server.organization();
  await client.at(at);
  for (const [code, given] of Object.entries(plans)) {
    const plan = { code, name: code, interval: "monthly", amount_currency: "EUR", pay_in_advance: false, ...given };
    await client.must("POST", "/plans", { plan });
  }
  await client.must("POST", "/customers", { customer: { external_id: "c1", ...customer } });
  return client;
}

export async function put(client: Client, given: Given) {
  const subscription = { external_customer_id: "c1", external_id: "s1", ...given };
  const answer = await client.must("POST", "/subscriptions", { subscription });
  await client.run();
  return answer;
}

/** [status, plan] of every link, the first one first. */
export async function links(client: Client): Promise<string[]> {
  const every = ["active", "pending", "terminated", "canceled", "incomplete"].map((each) => `status[]=${each}`);
  const { subscriptions } = await client.must("GET", `/subscriptions?${every.join("&")}`);
  return subscriptions.map((each: Given) => `${each.plan_code} ${each.status}`).reverse();
}

export interface Told {
  readonly issued: string;
  readonly fees: number;
  readonly parts: readonly string[];
}

/** Every invoice, the oldest first: its day, its fees, and what it bills for which period. */
export async function invoices(client: Client): Promise<Told[]> {
  const { invoices: list } = await client.must("GET", "/invoices");
  const told: Told[] = [];
  for (const { lago_id } of list.reverse()) {
    const { invoice } = await client.must("GET", `/invoices/${lago_id}`);
    const parts = invoice.billing_periods.map(
      (each: Given) => `${each.invoicing_reason} ${each.subscription_from_datetime} ${each.subscription_to_datetime}`,
    );
    told.push({ issued: invoice.issuing_date, fees: invoice.fees_amount_cents, parts });
  }
  return told;
}

export const amounts = async (client: Client) =>
  (await invoices(client)).map(({ issued, fees }) => `${issued} ${fees}`);
