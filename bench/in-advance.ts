/** How many events a second are charged in advance, each with a fee and an invoice of its own, and how soon after its answer one is. */

import { fillSubscriptions } from "./billing.ts";
import { cpuSecondsOf, cpuSecondsOfPostgres } from "./cpu.ts";
import { type Api, createOrganization, type Ground, percentile, prepareGround, rounded } from "./ground.ts";
import { prepareRequest, sendAll } from "./load.ts";

export interface ChargedFigures {
  /** From the first request to the last fee. */
  readonly eventsPerSecond: number;
  /** Milliseconds of processor time that an event takes in Weir and in PostgreSQL, its ingestion included. */
  readonly cpuMsPerEvent: { readonly weir: number; readonly postgres: number };
}

export interface InAdvanceFigures {
  /** Requests of 100 events; graduated sums, each event on an invoice. */
  readonly invoiced: ChargedFigures;
  /** The same, sent one by one. */
  readonly invoicedOneByOne: ChargedFigures;
  /** All in one subscription. */
  readonly invoicedOfOneSubscription: ChargedFigures;
  /** Fees without invoices, a price per unit. */
  readonly notInvoiced: ChargedFigures;
  /** From an event's answer to its fee, with nothing else to do: milliseconds. */
  readonly latencyMs: { readonly median: number; readonly p95: number };
}

const EVENTS = 20_000;
const WARM_UP_EVENTS = 2_000;
const SUBSCRIPTIONS = 2_000;
const BATCH_EVENTS = 100;
const CONNECTIONS = 8;
const SINGLE_CONNECTIONS = 64;
const LATENCY_EVENTS = 60;

const GRADUATED = {
  charge_model: "graduated",
  properties: {
    graduated_ranges: [
      { from_value: 0, to_value: 100, per_unit_amount: "0.02", flat_amount: "1" },
      { from_value: 101, to_value: null, per_unit_amount: "0.01", flat_amount: "0" },
    ],
  },
};
const STANDARD = { charge_model: "standard", properties: { amount: "0.02" }, invoiceable: false };

interface Kind {
  readonly charge: Readonly<Record<string, unknown>>;
  readonly subscriptions: number;
  readonly eventsOfRequest: number;
}

async function organizationWith(ground: Ground, { charge, subscriptions }: Kind): Promise<Api> {
  const api = await createOrganization(ground.url);
  const { billable_metric } = await api.call("POST", "/billable_metrics", {
    billable_metric: { code: "tokens", name: "Tokens", aggregation_type: "sum_agg", field_name: "tokens" },
  });
  const { plan } = await api.call("POST", "/plans", {
    plan: {
      ...{ code: "p", name: "P", interval: "monthly", amount_cents: 0, amount_currency: "USD", pay_in_advance: false },
      charges: [{ billable_metric_id: billable_metric.lago_id, pay_in_advance: true, ...charge }],
    },
  });
  await fillSubscriptions(ground.pool, api.organizationId, plan.lago_id, subscriptions);
  await ground.pool.query("vacuum analyze");
  return api;
}

let named = 0;

function eventOf(n: number, subscriptions: number) {
  named += 1;
  return {
    transaction_id: `e-${named}`,
    external_subscription_id: `subscription-${(n % subscriptions) + 1}`,
    code: "tokens",
    properties: { tokens: n % 50 },
  };
}

function requestsOf(ground: Ground, api: Api, count: number, { subscriptions, eventsOfRequest }: Kind): Buffer[] {
  return Array.from({ length: Math.ceil(count / eventsOfRequest) }, (_, r) => {
    const events = Array.from({ length: eventsOfRequest }, (_, e) => eventOf(r * eventsOfRequest + e, subscriptions));
    return eventsOfRequest === 1
      ? prepareRequest(ground.url, "/api/v1/events", api.apiKey, JSON.stringify({ event: events[0] }))
      : prepareRequest(ground.url, "/api/v1/events/batch", api.apiKey, JSON.stringify({ events }));
  });
}

/** Sends events and waits until each has its fee. */
async function charge(ground: Ground, api: Api, count: number, kind: Kind): Promise<ChargedFigures> {
  const requests = requestsOf(ground, api, count, kind);
  const total = requests.length * kind.eventsOfRequest;
  const cpu = async () => [await cpuSecondsOf(ground.weir.pid), await cpuSecondsOfPostgres(ground.pool)] as const;
  const counted = async () => {
    const { rows } = await ground.pool.query<{ n: number }>(
      "select count(*)::int as n from fees where organization_id = $1 and event_transaction_id is not null",
      [api.organizationId],
    );
    return rows[0]?.n ?? 0;
  };
  const before = await counted();
  const [weirBefore, postgresBefore] = await cpu();
  const begun = performance.now();
  await sendAll(ground.url, requests, kind.eventsOfRequest === 1 ? SINGLE_CONNECTIONS : CONNECTIONS);
  for (;;) {
    const { rows } = await ground.pool.query<{ left: boolean }>(
      "select exists (select from in_advance_queue where organization_id = $1) as left",
      [api.organizationId],
    );
    if (rows[0]?.left === false) break;
    await new Promise((done) => setTimeout(done, 10));
  }
  const seconds = (performance.now() - begun) / 1000;
  const [weirAfter, postgresAfter] = await cpu();
  const charged = (await counted()) - before;
  if (charged !== total) throw new Error(`${charged} fees of ${total} events`);
  return {
    eventsPerSecond: rounded(total / seconds),
    cpuMsPerEvent: {
      weir: rounded(((weirAfter - weirBefore) * 1000) / total, 3),
      postgres: rounded(((postgresAfter - postgresBefore) * 1000) / total, 3),
    },
  };
}

async function measure(ground: Ground, kind: Kind, scale: number): Promise<ChargedFigures> {
  await charge(ground, await organizationWith(ground, kind), WARM_UP_EVENTS, kind);
  return charge(ground, await organizationWith(ground, kind), Math.ceil(EVENTS * scale), kind);
}

async function measureLatency(ground: Ground): Promise<InAdvanceFigures["latencyMs"]> {
  const api = await organizationWith(ground, { charge: GRADUATED, subscriptions: 100, eventsOfRequest: 1 });
  const times: number[] = [];
  for (let n = 0; n < LATENCY_EVENTS; n++) {
    const event = eventOf(n, 100);
    await api.call("POST", "/events", { event });
    const answered = performance.now();
    for (;;) {
      const { meta } = await api.call("GET", `/fees?event_transaction_id=${event.transaction_id}`);
      if (meta.total_count > 0) break;
    }
    times.push(performance.now() - answered);
  }
  times.sort((a, b) => a - b);
  return { median: rounded(percentile(times, 0.5), 1), p95: rounded(percentile(times, 0.95), 1) };
}

export async function benchInAdvance({ scale }: { readonly scale: number }): Promise<InAdvanceFigures> {
  const ground = await prepareGround();
  try {
    const many = { charge: GRADUATED, subscriptions: SUBSCRIPTIONS, eventsOfRequest: BATCH_EVENTS };
    const figures: InAdvanceFigures = {
      invoiced: await measure(ground, many, scale),
      invoicedOneByOne: await measure(ground, { ...many, eventsOfRequest: 1 }, scale),
      invoicedOfOneSubscription: await measure(ground, { ...many, subscriptions: 1 }, scale),
      notInvoiced: await measure(ground, { ...many, charge: STANDARD }, scale),
      latencyMs: await measureLatency(ground),
    };
    print(Math.ceil(EVENTS * scale), figures);
    return figures;
  } finally {
    await ground.end();
  }
}

function print(count: number, { latencyMs, ...kinds }: InAdvanceFigures): void {
  console.log(`\nin advance: ${count} events, each with its fee, one process`);
  const row = ({ eventsPerSecond, cpuMsPerEvent }: ChargedFigures) => ({
    "events a second": eventsPerSecond,
    "Weir, ms of processor time": cpuMsPerEvent.weir,
    "PostgreSQL, ms of processor time": cpuMsPerEvent.postgres,
  });
  console.table({
    "an invoice each, requests of 100": row(kinds.invoiced),
    "an invoice each, one by one": row(kinds.invoicedOneByOne),
    "an invoice each, one subscription": row(kinds.invoicedOfOneSubscription),
    "no invoice, requests of 100": row(kinds.notInvoiced),
  });
  console.log(`from an event's answer to its fee: ${latencyMs.median} ms, ${latencyMs.p95} ms at the 95th percentile`);
}
