/** Reading usage that is split by filters and groups, weighted by time, or that counts a million distinct values. */
import { type Api, percentile, rounded } from "./ground.ts";

export interface DimensionsFigures {
  /** 200 filters with 10,000 groups in all: the whole charge, and one group of it. */
  readonly filters: { readonly wholeP50Ms: number; readonly groupP50Ms: number; readonly unfoldedMs: number };
  readonly weighted: { readonly p50Ms: number; readonly unfoldedMs: number };
  /** Every event with a value of its own; the ratio is against a stream of a thousand events. */
  readonly distinct: { readonly p50Ms: number; readonly ratio: number };
}

const FILTERS = 200;
const PAIRS = 10_000;
const REGIONS = 20;

/** A pair of filter and group has the events i ≡ pair; each group is in two filters. */
export const DIMENSIONS: readonly { readonly name: string; readonly code: string; readonly properties: string }[] = [
  {
    name: "filters",
    code: "calls",
    properties: `'calls', i % 4000, 'region', 'r' || i % ${PAIRS} % ${FILTERS} % ${REGIONS}, 'model', 'm' || i % ${PAIRS} % ${FILTERS} / ${REGIONS}, 'team', 't' || i % ${PAIRS} / 2`,
  },
  { name: "weighted", code: "level", properties: "'level', i % 7 - 3" },
  { name: "distinct", code: "users", properties: "'user', 'd' || i" },
];

export async function prepareDimensions(api: Api): Promise<void> {
  const texts = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  const metric = async (terms: object) =>
    (await api.call("POST", "/billable_metrics", { billable_metric: terms })).billable_metric.lago_id as string;
  const calls = await metric({
    name: "Calls",
    code: "calls",
    aggregation_type: "sum_agg",
    field_name: "calls",
    filters: [
      { key: "region", values: texts("r", REGIONS) },
      { key: "model", values: texts("m", FILTERS / REGIONS) },
    ],
  });
  const level = await metric({
    name: "Level",
    code: "level",
    aggregation_type: "weighted_sum_agg",
    field_name: "level",
    weighted_interval: "seconds",
  });
  const plan = (code: string, charge: object) =>
    api.call("POST", "/plans", {
      plan: {
        name: code,
        code,
        interval: "monthly",
        amount_cents: 0,
        amount_currency: "EUR",
        pay_in_advance: false,
        charges: [{ charge_model: "standard", properties: { amount: "0.01" }, ...charge }],
      },
    });
  await plan("filters", {
    billable_metric_id: calls,
    filters: Array.from({ length: FILTERS }, (_, index) => ({
      values: { region: [`r${index % REGIONS}`], model: [`m${Math.floor(index / REGIONS)}`] },
      properties: { amount: "0.02", pricing_group_keys: ["team"] },
    })),
  });
  await plan("weighted", { billable_metric_id: level });
}

/** The plan of each stream; distinct values are those of the plan for unique counts. */
export const PLAN_OF: Readonly<Record<string, string>> = {
  filters: "filters",
  weighted: "weighted",
  distinct: "unique",
};

const GROUP = `&filter_by_group=${encodeURIComponent(JSON.stringify({ team: "t17" }))}&filter_by_metric_code=calls`;

async function timesOf(api: Api, name: string, query: string, reads: number): Promise<number[]> {
  const path = `/customers/${name}/current_usage?external_subscription_id=${name}${query}`;
  const times: number[] = [];
  for (let read = 0; read < reads; read++) {
    const begun = performance.now();
    await api.call("GET", path);
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}

async function median(api: Api, name: string, query: string, reads: number): Promise<number> {
  await timesOf(api, name, query, Math.min(5, reads));
  return rounded(percentile(await timesOf(api, name, query, reads), 0.5), 2);
}

export interface Unfolded {
  readonly filters: number;
  readonly weighted: number;
}

/** The first reads go by the log, and ask for what is to be kept. */
export async function readUnfolded(api: Api): Promise<Unfolded> {
  const [filters] = await timesOf(api, "filters", "", 1);
  const [weighted] = await timesOf(api, "weighted", "", 1);
  await timesOf(api, "distinct", "", 1);
  return { filters: rounded(filters ?? 0, 1), weighted: rounded(weighted ?? 0, 1) };
}

export async function measureDimensions(
  api: Api,
  unfolded: Unfolded,
  uniqueOfThousand: number,
): Promise<DimensionsFigures> {
  const distinct = await median(api, "distinct", "", 100);
  return {
    filters: {
      wholeP50Ms: await median(api, "filters", "", 15),
      groupP50Ms: await median(api, "filters", GROUP, 50),
      unfoldedMs: unfolded.filters,
    },
    weighted: { p50Ms: await median(api, "weighted", "", 100), unfoldedMs: unfolded.weighted },
    distinct: { p50Ms: distinct, ratio: rounded(distinct / uniqueOfThousand, 2) },
  };
}

export function printDimensions({ filters, weighted, distinct }: DimensionsFigures): void {
  console.log("  1 million events                      p50 ms   unfolded ms");
  const line = (name: string, p50: number, raw: number | null) =>
    console.log(`  ${name.padEnd(34)} ${String(p50).padStart(9)} ${String(raw ?? "").padStart(13)}`);
  line("200 filters, 10,000 groups: whole", filters.wholeP50Ms, filters.unfoldedMs);
  line("the same: one group", filters.groupP50Ms, null);
  line("weighted sum", weighted.p50Ms, weighted.unfoldedMs);
  line(`distinct values (× ${distinct.ratio} of 1,000)`, distinct.p50Ms, null);
}
