/**
 * The play itself, through `lago-javascript-client` as its users have it. Only the operator's call that makes the
 * organization and a sandbox's clock have no place in that client: those are plain fetches.
 */
import { Client, getLagoError, type InvoiceObject } from "lago-javascript-client";
import { localMonth } from "./expected.ts";
import type { Progress } from "./screen.ts";
import { CURRENCY, customerOf, customers, type MetricCode, metrics, tariff } from "./tariff.ts";
import type { TraceLine } from "./trace.ts";

export type Lago = ReturnType<typeof Client>;

export interface Place {
  /** E.g. "http://127.0.0.1:3000". */
  readonly url: string;
  readonly adminApiKey: string;
}

export interface Sandbox {
  readonly lago: Lago;
  /** Sets the sandbox's present; runs nothing. */
  setClock(now: string): Promise<void>;
  /** Moves to a moment and runs everything that falls due on the way. */
  advance(now: string): Promise<void>;
}

/** What the client throws is the bare response: its body says what was refused. */
export async function explain(error: unknown): Promise<string> {
  if (!(error instanceof Response)) return error instanceof Error ? error.message : String(error);
  return `${error.url} answered ${error.status}: ${JSON.stringify(await getLagoError(error))}`;
}

async function post(url: string, method: string, headers: Record<string, string>, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

export async function openSandbox({ url, adminApiKey }: Place): Promise<Sandbox> {
  const created = (await post(
    `${url}/admin/organizations`,
    "POST",
    { "x-admin-api-key": adminApiKey },
    { organization: { name: "Inference Inc.", sandbox: true } },
  )) as { api_key: string };
  const clock = (method: string, path: string) => async (now: string) => {
    await post(`${url}/api/v1${path}`, method, { authorization: `Bearer ${created.api_key}` }, { test_clock: { now } });
  };
  return {
    lago: Client(created.api_key, { baseUrl: `${url}/api/v1` }),
    setClock: clock("PUT", "/test_clock"),
    advance: clock("POST", "/test_clock/advance"),
  };
}

export async function createCatalog(lago: Lago): Promise<void> {
  const ids = new Map<MetricCode, string>();
  for (const metric of metrics) {
    const { data } = await lago.billableMetrics.createBillableMetric({ billable_metric: metric });
    ids.set(metric.code, data.billable_metric.lago_id);
  }
  const idOf = (code: MetricCode) => ids.get(code) as string;
  const { code, name, monthlyFeeCents, promptTokens, generatedTokens, requests } = tariff;
  await lago.plans.createPlan({
    plan: {
      code,
      name,
      interval: "monthly",
      amount_cents: monthlyFeeCents,
      amount_currency: CURRENCY,
      pay_in_advance: false,
      charges: [
        {
          billable_metric_id: idOf("prompt_tokens"),
          charge_model: "graduated",
          properties: { graduated_ranges: [...promptTokens] },
        },
        { billable_metric_id: idOf("generated_tokens"), charge_model: "package", properties: generatedTokens },
        { billable_metric_id: idOf("requests"), charge_model: "standard", properties: requests },
      ],
    },
  });
}

/** Each subscription begins with the month, at the customer's own midnight. */
export async function subscribeAll(lago: Lago, progress: Progress): Promise<void> {
  for (const { id, name, timezone } of customers) {
    await lago.customers.createCustomer({ customer: { external_id: id, name, currency: CURRENCY, timezone } });
    await lago.subscriptions.createSubscription({
      subscription: {
        external_customer_id: id,
        external_id: subscriptionOf(id),
        plan_code: tariff.code,
        billing_time: "calendar",
        subscription_at: localMonth(timezone).from.toString(),
      },
    });
    progress.add();
  }
}

export const subscriptionOf = (customerId: string) => `${customerId}-inference`;

/** At most what one request of POST /events/batch takes. */
const BATCH = 100;
const REQUESTS_AT_ONCE = 4;

type Event = Parameters<Lago["events"]["createBatchEvents"]>[0]["events"][number];

/** A line becomes one event per metric. Its transaction ids are fixed: sent again they are duplicates. */
function eventsOf({ no, at, promptTokens, generatedTokens }: TraceLine): Event[] {
  const properties: Readonly<Record<MetricCode, Event["properties"]>> = {
    prompt_tokens: { tokens: promptTokens },
    generated_tokens: { tokens: generatedTokens },
    requests: {},
  };
  return metrics.map(({ code }) => ({
    transaction_id: `code-${no}-${code}`,
    external_subscription_id: subscriptionOf(customerOf(no).id),
    code,
    timestamp: unixSeconds(at),
    properties: properties[code],
  }));
}

/** "1700158623.979960": a text, for no number has room for microseconds. */
function unixSeconds(at: Temporal.Instant): string {
  const microseconds = at.epochNanoseconds / 1000n;
  return `${microseconds / 1_000_000n}.${(microseconds % 1_000_000n).toString().padStart(6, "0")}`;
}

export function batchesOf(trace: readonly TraceLine[]): Event[][] {
  const events = trace.flatMap(eventsOf);
  return Array.from({ length: Math.ceil(events.length / BATCH) }, (_, i) => events.slice(i * BATCH, (i + 1) * BATCH));
}

export async function sendAll(lago: Lago, batches: readonly Event[][], progress: Progress): Promise<void> {
  const waiting = batches.values();
  const sendRest = async () => {
    for (const events of waiting) {
      await lago.events.createBatchEvents({ events });
      progress.add(events.length);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, sendRest));
}

/** Whether a batch that was stored before is refused as such, event by event. */
export async function isRefusedAsDuplicate(lago: Lago, events: Event[]): Promise<boolean> {
  try {
    await lago.events.createBatchEvents({ events });
    return false;
  } catch (error) {
    if (!(error instanceof Response)) throw error;
    const details = ((await getLagoError(error)) as { error_details?: Record<string, unknown> }).error_details ?? {};
    return error.status === 422 && events.every((_, i) => JSON.stringify(details[i])?.includes("value_already_exist"));
  }
}

export type Usage = Awaited<ReturnType<Lago["customers"]["findCustomerCurrentUsage"]>>["data"]["customer_usage"];

export async function currentUsage(lago: Lago, progress: Progress): Promise<Map<string, Usage>> {
  const usages = new Map<string, Usage>();
  for (const { id } of customers) {
    const { data } = await lago.customers.findCustomerCurrentUsage(id, {
      external_subscription_id: subscriptionOf(id),
    });
    usages.set(id, data.customer_usage);
    progress.add();
  }
  return usages;
}

/** All invoices of the organization, each with its fees (the list leaves them out). */
export async function allInvoices(lago: Lago, progress: Progress): Promise<InvoiceObject[]> {
  const listed: InvoiceObject[] = [];
  for (let page: number | null = 1; page !== null; ) {
    const { data } = await lago.invoices.findAllInvoices({ page, per_page: 10 });
    listed.push(...data.invoices);
    page = data.meta.next_page ?? null;
  }
  const invoices: InvoiceObject[] = [];
  for (const { lago_id } of listed) {
    const { data } = await lago.invoices.findInvoice(lago_id);
    invoices.push(data.invoice);
    progress.add();
  }
  return invoices;
}
