/** The same events in the same order have the same fees, however they are batched and whoever charges them: those of a naive count. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type { ChargeModel, ChargeProperties } from "../../catalog/index.ts";
import { type Dec, dec, max, round, ZERO } from "../../kernel/decimal.ts";
import { price, type RatedUsage, type Series } from "../../rating/index.ts";
import type { Client } from "../../testing/server.ts";
import { type Body, chargeAll, chargedFees, type Ground, openGround, subscribe } from "./testing.ts";

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

type Aggregation = "count_agg" | "sum_agg" | "unique_count_agg";

interface Sent {
  readonly transaction_id: string;
  readonly subscription: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly cents: string | null;
  readonly properties: Record<string, string>;
}

/** One charge of the plan. */
interface Setup {
  readonly aggregation: Aggregation;
  readonly recurring: boolean;
  readonly model: ChargeModel;
  readonly properties: Body;
  /** The price of events whose region is eu; null: there is no filter. */
  readonly filtered: Body | null;
}

const JANUARY = Date.UTC(2024, 0, 1) / 1000;
const monthOf = ({ timestamp }: Sent) => new Date(timestamp * 1000).toISOString().slice(0, 7);
const numberOf = ({ properties }: Sent) =>
  /^-?\d+(\.\d+)?$/.test(properties.v ?? "") ? dec(properties.v ?? "") : null;

interface Sums {
  readonly units: Dec;
  readonly count: number;
  readonly series: Series;
  readonly amount: Dec;
}

/** Everything up to the last of `events` (in order of time, then ingestion), counted anew. */
function recount({ aggregation }: Setup, events: readonly Sent[]): Sums {
  const amount = (some: readonly Sent[]) =>
    some.reduce((total, { cents }) => total.plus(dec(cents ?? 0).div(100)), ZERO);
  if (aggregation === "count_agg")
    return {
      units: dec(events.length),
      count: events.length,
      series: { units: events.length, events: events.length },
      amount: amount(events),
    };
  if (aggregation === "sum_agg") {
    const numeric = events.filter((event) => numberOf(event) !== null);
    const values = numeric.map((event) => numberOf(event) as Dec);
    const units = values.reduce((total, value) => total.plus(value), ZERO);
    return { units, count: values.length, series: values, amount: amount(numeric) };
  }
  const active = activeOf(events).size;
  return { units: dec(active), count: active, series: { units: active, events: events.length }, amount: ZERO };
}

function activeOf(events: readonly Sent[]): Set<string> {
  const active = new Set<string>();
  for (const { properties } of events) {
    if (properties.operation_type === "remove") active.delete(properties.v ?? "");
    else active.add(properties.v ?? "");
  }
  return active;
}

const rated = ({ units, count, series, amount }: Sums): RatedUsage => ({
  ...{ units, full_units: null, events_count: count, series, pairs: null, amount },
});

/** 7.2, as it is written. */
function amountOf(
  setup: Setup,
  properties: ChargeProperties,
  increment: Dec,
  usage: { with: Sums; before: Sums },
): Dec {
  const { model } = setup;
  const before: Sums = { ...usage.before, units: usage.with.units.minus(increment) };
  const isTiered = model === "graduated" || model === "graduated_percentage";
  if (isTiered && increment.eq(0)) return ZERO;
  if (model === "standard") return price(model, properties, rated({ ...before, units: increment })).amount;
  const included = price(model, properties, rated(usage.with)).amount;
  if (isTiered && before.units.eq(0)) return included;
  const isBounded = properties.per_transaction_min_amount !== undefined;
  const series = isBounded ? usage.before.series : usage.with.series;
  return max(included.minus(price(model, properties, rated({ ...before, series })).amount), ZERO);
}

/** The fee of each event, one after another, each by going through all that was sent before it. */
function naiveFees(setup: Setup, sent: readonly Sent[]): string[] {
  const taken: { event: Sent; place: string }[] = [];
  const marks = new Map<string, { current: Dec; highest: Dec }>();
  return sent.flatMap((event) => {
    const isFiltered = setup.filtered !== null && event.properties.region === "eu";
    const keys = isFiltered ? [] : ["g"];
    const place = [event.subscription, isFiltered, ...keys.map((key) => event.properties[key] ?? "")].join("/");
    const before = taken
      .filter((one) => one.place === place && one.event.timestamp <= event.timestamp)
      .filter((one) => setup.recurring || monthOf(one.event) === monthOf(event))
      .map((one) => one.event)
      .sort((a, b) => a.timestamp - b.timestamp);
    taken.push({ event, place });
    const usage = { with: recount(setup, [...before, event]), before: recount(setup, before) };
    const mark = `${place}/${monthOf(event)}`;
    const { increment, units } = riseOf(setup, event, marks, mark, activeOf(before).has(event.properties.v ?? ""));
    const isCounted = setup.aggregation !== "sum_agg" || numberOf(event) !== null;
    const properties = isFiltered ? (setup.filtered as ChargeProperties) : (setup.properties as ChargeProperties);
    const amount = isCounted ? amountOf(setup, properties, increment, usage) : ZERO;
    return `${units.toFixed()} ${round(amount.times(100)).toFixed()}`;
  });
}

/** Event by event, the fee of each charge. */
function naiveFeesOf(setups: readonly Setup[], sent: readonly Sent[]): string[] {
  const each = setups.map((setup) => naiveFees(setup, sent));
  return sent.flatMap(({ transaction_id }, event) =>
    setups.map((_, charge) => `${transaction_id} c${charge} ${each[charge]?.[event]}`),
  );
}

function riseOf(
  { aggregation }: Setup,
  event: Sent,
  marks: Map<string, { current: Dec; highest: Dec }>,
  mark: string,
  wasActive: boolean,
): { increment: Dec; units: Dec } {
  if (aggregation === "count_agg") return { increment: dec(1), units: dec(1) };
  const known = marks.get(mark);
  const isRemoval = aggregation === "unique_count_agg" && event.properties.operation_type === "remove";
  const brought = aggregation === "sum_agg" ? (numberOf(event) ?? ZERO) : dec(wasActive || isRemoval ? 0 : 1);
  const freed = isRemoval && wasActive && known !== undefined ? 1 : 0;
  const current = (known?.current ?? ZERO).plus(brought).minus(freed);
  const highest = known?.highest ?? ZERO;
  marks.set(mark, { current, highest: max(current, highest) });
  const increment = max(current.minus(highest), ZERO);
  return { increment, units: increment.gt(0) ? increment : max(brought, ZERO) };
}

const tiers = (extra: (index: number) => Body) =>
  [
    [0, 3],
    [3, 10],
    [10, null],
  ].map(([from_value, to_value], index) => ({ from_value, to_value, ...extra(index) }));

const MODELS: readonly (readonly [ChargeModel, Body])[] = [
  ["standard", { amount: "1.37" }],
  ["graduated", { graduated_ranges: tiers((n) => ({ per_unit_amount: `${3 - n}.5`, flat_amount: `${n + 1}` })) }],
  ["graduated_percentage", { graduated_percentage_ranges: tiers((n) => ({ rate: `${20 - n}`, flat_amount: "0.3" })) }],
  ["package", { amount: "2.5", package_size: 3, free_units: 2 }],
  ["percentage", { rate: "7.5", fixed_amount: "0.1" }],
  ["percentage", { rate: "7.5", fixed_amount: "0.1", free_units_per_events: 3 }],
  ["percentage", { rate: "7.5", fixed_amount: "0.2", free_units_per_total_aggregation: "9" }],
  ["percentage", { rate: "5", free_units_per_events: 2, free_units_per_total_aggregation: "6" }],
  ["percentage", { rate: "5", free_units_per_total_aggregation: "6", per_transaction_min_amount: "0.2" }],
  [
    "percentage",
    { rate: "5", free_units_per_events: 3, per_transaction_min_amount: "0.2", per_transaction_max_amount: "1" },
  ],
  ["dynamic", {}],
];

/** A metric with several charges on it, each of a model of its own, some with a filter. */
const setups: fc.Arbitrary<readonly Setup[]> = fc
  .record({
    aggregation: fc.constantFrom<Aggregation>("count_agg", "sum_agg", "unique_count_agg"),
    recurring: fc.boolean(),
    terms: fc.shuffledSubarray([...MODELS], { minLength: 4, maxLength: 7 }),
    isFiltered: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
  })
  .map(({ aggregation, recurring, terms, isFiltered }) =>
    terms
      .filter(([model]) => model !== "dynamic" || (aggregation === "sum_agg" && !recurring))
      .map(([model, properties], index) => ({
        ...{ aggregation, recurring: recurring && aggregation !== "count_agg", model, properties },
        filtered: isFiltered[index] ? properties : null,
      })),
  );

/** Most events come nearly in order of time; some dated far back, or ahead. */
const timestamps = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 6 }).map((minutes) => 2_592_000 + minutes * 60) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 58 }).map((days) => days * 86_400) },
);

const sentEvents = fc
  .array(
    fc.record({
      subscription: fc.constantFrom("s1", "s2", "s3"),
      offset: timestamps,
      value: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: -3, max: 9 }).map(String) },
        { weight: 1, arbitrary: fc.constant("abc") },
      ),
      removes: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
      group: fc.constantFrom(null, "a", "b"),
      region: fc.constantFrom("eu", "us", null),
      cents: fc.option(fc.integer({ min: 0, max: 500 }).map((n) => (n / 10).toString())),
    }),
    { minLength: 20, maxLength: 60 },
  )
  .map((all) =>
    all.map(
      ({ subscription, offset, value, removes, group, region, cents }, index): Sent => ({
        ...{ transaction_id: `t${index}`, subscription, timestamp: JANUARY + offset, cents },
        properties: {
          v: value,
          ...(removes ? { operation_type: "remove" } : {}),
          ...(group === null ? {} : { g: group }),
          ...(region === null ? {} : { region }),
        },
      }),
    ),
  );

const schedules = fc.record({
  /** Events of one request. */
  chunk: fc.constantFrom(1, 3, 17, 100),
  /** Whether events are charged between requests, or all at the end. */
  isEager: fc.boolean(),
  /** Whether each request is sent a second time. */
  isRetried: fc.boolean(),
  limit: fc.constantFrom(1, 2, 7, 500),
  workers: fc.constantFrom(1, 3),
});

type Schedule = typeof schedules extends fc.Arbitrary<infer S> ? S : never;

/** Of some fees: what their explanation's parts add up to is the fee, to the last decimal that is kept of it. */
async function assertExplained(client: Client): Promise<void> {
  const { rows } = await ground.app.pool.query<{ id: string; cents: Dec }>(
    "select id, precise_amount_cents as cents from fees where organization_id = $1 order by md5(id::text) limit 20",
    [client.organizationId],
  );
  await Promise.all(
    rows.map(async ({ id, cents }) => {
      const { explanation } = await client.must("GET", `/fees/${id}/explanation`);
      const amounts = explanation.parts.map(({ amount }: Body) => dec(String(amount)));
      const total = amounts.reduce((sum: Dec, amount: Dec) => sum.plus(amount), ZERO).times(100);
      // What a fee comes to below zero, nothing is charged for.
      assert.equal(max(round(total, 12), ZERO).toFixed(), round(cents, 12).toFixed(), JSON.stringify(explanation));
    }),
  );
}

async function feesOf(setups: readonly Setup[], sent: readonly Sent[], schedule: Schedule) {
  const { chunk, isEager, isRetried, limit, workers } = schedule;
  const client = await ground.server.organization();
  const { aggregation, recurring } = setups[0] as Setup;
  const metric = { aggregation_type: aggregation, recurring, filters: [{ key: "region", values: ["eu", "us"] }] };
  const charges = setups.map(({ model, properties, filtered }, index) => ({
    ...{ code: `c${index}`, charge_model: model, properties: { ...properties, pricing_group_keys: ["g"] } },
    filters: filtered === null ? [] : [{ values: { region: ["eu"] }, properties: filtered }],
  }));
  await subscribe(client, metric, charges, ["s1", "s2", "s3"]);
  for (let from = 0; from < sent.length; from += chunk) {
    const events = sent.slice(from, from + chunk).map(({ subscription, cents, ...event }) => ({
      ...{ ...event, code: "m", external_subscription_id: subscription, precise_total_amount_cents: cents },
    }));
    await client.must("POST", "/events/batch", { events });
    // Whoever got no answer sends again: what is there already is told, and charged once.
    if (isRetried) await client.call("POST", "/events/bulk", events);
    if (isEager) await chargeAll(ground, client, { limit, workers });
  }
  await chargeAll(ground, client, { limit, workers });
  await assertExplained(client);
  return (await chargedFees(ground, client)).map(
    ({ transaction_id, charge_code, units, amount_cents }) =>
      `${transaction_id} ${charge_code} ${dec(units).toFixed()} ${amount_cents}`,
  );
}

/** Each with some 40 events and five charges: 3,000 fees and more. */
const RUNS = Number(process.env.WEIR_RUNS ?? 15);
/** Of other cases than the usual ones. */
const SEED = Number(process.env.WEIR_TEST_SEED ?? 1);

test("fees are those of a naive count, whatever the batches, retries and workers, and are explained", async () => {
  await fc.assert(
    fc.asyncProperty(setups, sentEvents, schedules, async (charges, sent, schedule) => {
      assert.deepEqual(await feesOf(charges, sent, schedule), naiveFeesOf(charges, sent));
    }),
    { seed: SEED, numRuns: RUNS, endOnFailure: true },
  );
});

test("a distinct value that was charged in an earlier batch is not new to a late event behind another of its own batch", async () => {
  const client = await ground.server.organization();
  const charge = { code: "c", ...{ charge_model: "standard", properties: { amount: "1" } } };
  await subscribe(client, { aggregation_type: "unique_count_agg" }, [charge], ["s1"]);
  const send = (...events: readonly (readonly [string, string])[]) =>
    client.must("POST", "/events/batch", {
      events: events.map(([transaction_id, at]) => ({
        ...{ transaction_id, external_subscription_id: "s1", code: "m", properties: { v: "seat" } },
        timestamp: Temporal.Instant.from(at).epochMilliseconds / 1000,
      })),
    });
  await send(["t0", "2024-01-16T00:00:00Z"]);
  await chargeAll(ground, client, { limit: 10 });
  await send(["t1", "2024-01-31T00:05:00Z"], ["t2", "2024-01-31T00:04:00Z"]);
  await chargeAll(ground, client, { limit: 10 });
  const fees = await chargedFees(ground, client);
  assert.deepEqual(
    fees.map(({ transaction_id, units, amount_cents }) => [transaction_id, units, amount_cents]),
    [
      ["t0", "1", "100"],
      ["t1", "0", "0"],
      ["t2", "0", "0"],
    ],
  );
});
