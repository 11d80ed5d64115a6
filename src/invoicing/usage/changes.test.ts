/**
 * Current usage while everything about it changes: charges and their filters and keys, the plan, what a metric reads, the time zone.
 * Over the whole API, with the folder at work beside it: what is shown is what a naive recount of all that was sent says.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type { AggregationType } from "../../catalog/index.ts";
import type { EventBucket, UsageRequest } from "../../metering/index.ts";
import { type Accepted, recount } from "../../metering/usage/testing.ts";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const START = Temporal.Instant.from("2024-03-05T10:00:00Z");
/** Seconds from the start to 1 April, UTC. */
const MONTH_END = 26 * 86_400 + 14 * 3_600;
/** The local month in which everything happens, in each of these zones. */
const ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"] as const;
const METRICS: readonly { readonly code: string; readonly type: AggregationType; readonly recurring: boolean }[] = [
  { code: "calls", type: "count_agg", recurring: false },
  { code: "tokens", type: "sum_agg", recurring: false },
  { code: "seats", type: "sum_agg", recurring: true },
  { code: "users", type: "unique_count_agg", recurring: true },
  { code: "peak", type: "max_agg", recurring: false },
  { code: "last", type: "latest_agg", recurring: false },
];
const PLANS = ["basic", "more", "most"] as const;

/** Filters, the most specific first, then the default bucket, each with its group keys. */
const SHAPES: readonly (readonly EventBucket[])[] = [
  [{ conditions: {}, group_by: [] }],
  [{ conditions: {}, group_by: ["region"] }],
  [
    { conditions: { region: ["eu"] }, group_by: [] },
    { conditions: {}, group_by: [] },
  ],
  [
    { conditions: { cloud: ["aws"], region: ["eu", "us"] }, group_by: ["user"] },
    { conditions: { cloud: ["aws", "gcp"] }, group_by: [] },
    { conditions: {}, group_by: ["region", "user"] },
  ],
];

interface Sent extends Accepted {
  readonly code: string;
}
/** Of each plan, the shape of the charge on each metric; null: there is none. */
type Charges = readonly (number | null)[];

const numbers = fc.oneof(fc.integer({ min: -5, max: 30 }), fc.constantFrom("1.25", "abc", null));
const sentEvent = fc
  .record({
    metric: fc.nat(METRICS.length - 1),
    second: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: -86_400, max: 26 * 86_400 }) },
      // Where the month ends in one of the zones.
      { weight: 1, arbitrary: fc.integer({ min: -50_000, max: 50_000 }).map((offset) => MONTH_END + offset) },
    ),
    v: numbers,
    w: numbers,
    region: fc.constantFrom("eu", "us", "asia", undefined),
    cloud: fc.constantFrom("aws", "gcp", undefined),
    user: fc.constantFrom("u1", "u2", ""),
    operation_type: fc.constantFrom(undefined, undefined, "remove"),
  })
  .map(
    ({ metric, second, ...properties }): Sent => ({
      code: METRICS[metric]?.code ?? "",
      micros: START.epochNanoseconds / 1000n + BigInt(second) * 1_000_000n,
      properties: JSON.parse(JSON.stringify(properties)),
    }),
  );
const charges: fc.Arbitrary<Charges> = fc.array(fc.option(fc.nat(SHAPES.length - 1), { freq: 5 }), {
  minLength: METRICS.length,
  maxLength: METRICS.length,
});

type Step =
  | { readonly kind: "send"; readonly events: readonly Sent[] }
  | { readonly kind: "edit"; readonly plan: number; readonly charges: Charges }
  | { readonly kind: "upgrade"; readonly hours: number }
  | { readonly kind: "field"; readonly metric: number }
  | { readonly kind: "zone"; readonly timezone: string };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      events: fc.array(sentEvent, { minLength: 1, maxLength: 60 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("edit" as const), plan: fc.nat(2), charges }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("upgrade" as const), hours: fc.integer({ min: 1, max: 150 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("field" as const), metric: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("zone" as const), timezone: fc.constantFrom(...ZONES) }) },
);

/** A customer's story as it was told so far. */
class Life {
  readonly #client: Client;
  readonly #sent: Sent[] = [];
  readonly #fields = METRICS.map(() => "v");
  readonly #charges: Charges[];
  #ids: string[] = [];
  #plan = 0;
  #now = START;
  #startedAt = START;
  #timezone = "UTC";

  constructor(client: Client, of: readonly Charges[]) {
    this.#client = client;
    this.#charges = [...of];
  }

  async open(): Promise<void> {
    await this.#client.at(START.toString());
    const filters = [
      { key: "region", values: ["eu", "us"] },
      { key: "cloud", values: ["aws", "gcp"] },
    ];
    for (const { code, type, recurring } of METRICS) {
      const metric = { ...{ code, name: code, recurring, filters, aggregation_type: type }, field_name: "v" };
      const { billable_metric } = await this.#client.must("POST", "/billable_metrics", { billable_metric: metric });
      this.#ids.push(billable_metric.lago_id);
    }
    for (const [index, code] of PLANS.entries()) {
      const terms = { interval: "monthly", amount_currency: "EUR", pay_in_advance: false, amount_cents: index * 100 };
      await this.#client.must("POST", "/plans", {
        plan: { ...terms, code, name: code, charges: this.#chargesOf(index) },
      });
    }
    await this.#client.must("POST", "/customers", { customer: { external_id: "c", timezone: "UTC" } });
    await this.#subscribe();
  }

  #subscribe() {
    const subscription = { external_customer_id: "c", external_id: "s", plan_code: PLANS[this.#plan] };
    return this.#client.must("POST", "/subscriptions", { subscription });
  }

  #chargesOf(plan: number, but?: number) {
    return (this.#charges[plan] ?? []).flatMap((shape, index) => {
      if (shape === null || index === but) return [];
      const buckets = SHAPES[shape] ?? [];
      const properties = ({ group_by }: EventBucket) => ({ amount: "1", pricing_group_keys: group_by });
      return {
        ...{ billable_metric_id: this.#ids[index], charge_model: "standard" },
        properties: properties(buckets.at(-1) as EventBucket),
        filters: buckets.slice(0, -1).map((one) => ({ values: one.conditions, properties: properties(one) })),
      };
    });
  }

  async #writePlan(plan: number, but?: number): Promise<void> {
    const { plan: stored } = await this.#client.must("GET", `/plans/${PLANS[plan]}`);
    const ids = new Map(
      stored.charges.map((one: Record<string, unknown>) => [one.lago_billable_metric_id, one.lago_id]),
    );
    const list = this.#chargesOf(plan, but).map((one) => ({ ...one, id: ids.get(one.billable_metric_id) }));
    await this.#client.must("PUT", `/plans/${PLANS[plan]}`, { plan: { charges: list } });
  }

  async send(events: readonly Sent[]): Promise<void> {
    const body = events.map(({ code, micros, properties }, index) => ({
      ...{ transaction_id: `t${this.#sent.length + index}`, external_subscription_id: "s", code, properties },
      timestamp: String(Number(micros / 1_000_000n)),
    }));
    await this.#client.must("POST", "/events/bulk", body);
    this.#sent.push(...events);
  }

  async take(one: Step): Promise<void> {
    if (one.kind === "send") return this.send(one.events);
    if (one.kind === "edit") {
      this.#charges[one.plan] = one.charges;
      return this.#writePlan(one.plan);
    }
    if (one.kind === "zone") {
      this.#timezone = one.timezone;
      return this.#client.must("POST", "/customers", { customer: { external_id: "c", timezone: one.timezone } });
    }
    if (one.kind === "upgrade") {
      if (this.#plan === PLANS.length - 1) return;
      this.#plan++;
      this.#now = this.#now.add({ hours: one.hours });
      this.#startedAt = this.#now;
      await this.#client.at(this.#now.toString());
      await this.#subscribe();
      return this.#client.run();
    }
    // A metric can be changed while no charge is on it.
    for (const plan of PLANS.keys()) await this.#writePlan(plan, one.metric);
    this.#fields[one.metric] = this.#fields[one.metric] === "v" ? "w" : "v";
    const { code } = METRICS[one.metric] as (typeof METRICS)[number];
    const billable_metric = { field_name: this.#fields[one.metric] };
    await this.#client.must("PUT", `/billable_metrics/${code}`, { billable_metric });
    for (const plan of PLANS.keys()) await this.#writePlan(plan);
  }

  /** "metric filter group units" of all there is. */
  #expected(): string[] {
    const local = this.#startedAt.toZonedDateTimeISO(this.#timezone);
    const to = local.with({ day: 1 }).startOfDay().add({ months: 1 }).toInstant();
    return (this.#charges[this.#plan] ?? []).flatMap((shape, index) => {
      if (shape === null) return [];
      const { code, type, recurring } = METRICS[index] as (typeof METRICS)[number];
      const request: UsageRequest = {
        ...{ organization_id: "", external_subscription_id: "s", code, aggregation_type: type },
        field_name: type === "count_agg" ? null : (this.#fields[index] ?? null),
        ...{ from: this.#startedAt, to, buckets: SHAPES[shape] ?? [] },
        history: recurring ? { from: null } : null,
        ...{ proration: null, weighted: null, custom: null, up_to: null },
      };
      const usage = recount(
        request,
        this.#sent.filter((event) => event.code === code),
      );
      return usage.flatMap((groups, bucket) => {
        const { conditions } = request.buckets[bucket] as EventBucket;
        return groups.map(({ group, units }) => line(code, conditions, group, units.lt(0) ? "0" : units.toFixed()));
      });
    });
  }

  async check(): Promise<void> {
    const { customer_usage } = await this.#client.must("GET", "/customers/c/current_usage?external_subscription_id=s");
    assert.deepEqual(customer_usage.charges_usage.flatMap(lines).sort(), this.#expected().sort());
  }
}

const line = (code: string, conditions: object, group: object, units: string) =>
  `${code} ${JSON.stringify(conditions)} ${JSON.stringify(group)} ${units}`;

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
function lines({ billable_metric: { code }, units, filters, grouped_usage }: any): string[] {
  const plain = (text: string) => text.replace(/\.0$/, "");
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
  const within = (group: object, own: string, entries: any[]) =>
    entries.length === 0
      ? [line(code, {}, group, plain(own))]
      : entries.map((entry) => line(code, entry.values ?? {}, group, plain(entry.units)));
  if (grouped_usage.length === 0) return within({}, units, filters);
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
  return grouped_usage.flatMap((group: any) => within(group.grouped_by, group.units, group.filters));
}

test("current usage equals a recount through changes of charges, plans, metrics and zones, folded or not", async () => {
  // Enough of one metric that its windows are kept.
  const many = fc.array(sentEvent, { minLength: 1_300, maxLength: 1_300, size: "max" });
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(charges, charges, charges),
      fc.array(many, { maxLength: 1 }),
      fc.array(step, { minLength: 8, maxLength: 14 }),
      async (plans, files, steps) => {
        const life = new Life(await server.organization(), plans);
        await life.open();
        for (const events of files) await life.send(events.map((event) => ({ ...event, code: "seats" })));
        for (const one of steps) {
          await life.take(one);
          await life.check();
          // By now it may be kept.
          await life.check();
        }
      },
    ),
    { numRuns: Number(process.env.WEIR_RUNS ?? 5), endOnFailure: true },
  );
});
