/** Which events a charge's filters price: each event is in exactly one bucket (6.1 to 6.3 of the metering spec). */
import { dec, isRawNumber } from "../../kernel/decimal.ts";
import type { Charge, ChargeFilter, ChargeProperties, FilterValues, MetricFilter } from "../model.ts";
import type { PresentationKey } from "./group-keys.ts";

/** As the only value of a key: every value that the metric admits for it today. */
export const ALL_FILTER_VALUES = "__ALL_FILTER_VALUES__";

/** Events of a charge that are priced alike. */
export interface ChargeBucket {
  /** Null: the default bucket, of the events that no filter takes. */
  readonly filter: ChargeFilter | null;
  /** Property → the texts that meet it. The default bucket has none. */
  readonly conditions: FilterValues;
  readonly properties: ChargeProperties;
  /** What splits the bucket into groups that are priced each on its own; a filter has its own keys. */
  readonly pricing_group_keys: readonly string[];
}

type FilteredCharge = Pick<Charge, "properties" | "filters" | "accepts_target_wallet"> & {
  readonly billable_metric: Pick<Charge["billable_metric"], "filters">;
};

/** The event property that names the wallet which pays for it. */
const TARGET_WALLET_KEY = "target_wallet_code";

/**
 * The buckets of a charge in order of precedence: an event is in the first whose conditions it meets. Most keys first, then
 * strict subset before superset, then the oldest; the default bucket is last. At least one.
 */
export function chargeBuckets(charge: FilteredCharge): readonly ChargeBucket[] {
  const known = bucketsOfCharge.get(charge);
  if (known !== undefined) return known;
  const buckets = bucketsOf(charge);
  bucketsOfCharge.set(charge, buckets);
  return buckets;
}

/** A billing run asks for the same charge once per subscription. */
const bucketsOfCharge = new WeakMap<FilteredCharge, readonly ChargeBucket[]>();

function bucketsOf(charge: FilteredCharge): ChargeBucket[] {
  const bucket = (filter: ChargeFilter | null, conditions: FilterValues, properties: ChargeProperties) => ({
    filter,
    conditions,
    properties,
    pricing_group_keys: pricingGroupKeys(properties, charge.accepts_target_wallet),
  });
  const filtered = charge.filters.map((filter) =>
    bucket(filter, expandedValues(filter.values, charge.billable_metric.filters), filter.properties),
  );
  return [...byPrecedence(filtered), bucket(null, {}, charge.properties)];
}

function pricingGroupKeys({ pricing_group_keys: given }: ChargeProperties, isWalletTargeted: boolean): string[] {
  const keys = Array.isArray(given) ? given.map(String) : [];
  return [...new Set(isWalletTargeted ? [...keys, TARGET_WALLET_KEY] : keys)];
}

/** A filter's values with the marker for all replaced by the metric's present ones. */
export function expandedValues(values: FilterValues, metricFilters: readonly MetricFilter[]): FilterValues {
  const admitted = new Map(metricFilters.map((filter) => [filter.key, filter.values]));
  return Object.fromEntries(
    Object.entries(values).map(([key, given]) => [key, isAllValues(given) ? (admitted.get(key) ?? []) : given]),
  );
}

export function isAllValues(values: readonly string[]): boolean {
  return values.length === 1 && values[0] === ALL_FILTER_VALUES;
}

/**
 * Most keys first; of equally many, by age, but a strict subset of a bucket always goes before it. (Three buckets that overlap
 * can contradict each other pairwise: the subsets of an older one then go with it.)
 */
function byPrecedence(buckets: readonly ChargeBucket[]): ChargeBucket[] {
  const ranked = buckets
    .map((bucket) => rankedOf(bucket))
    .sort((a, b) => b.sets.length - a.sets.length || (ageOf(a.bucket) < ageOf(b.bucket) ? -1 : 1));
  // A subset's first value is one of the whole's: only those are compared.
  const byFirstValue = Map.groupBy(ranked, ({ keys, sets }) => firstOf(keys, sets[0]?.values().next().value));
  const placed = new Set<ChargeBucket>();
  for (const wide of ranked) {
    // Subsets of a subset are subsets of the whole: sorted by size of their sets, each goes before those that hold it.
    const subsets = [...(wide.sets[0] ?? [])]
      .flatMap((value) => byFirstValue.get(firstOf(wide.keys, value)) ?? [])
      .filter((narrow) => !placed.has(narrow.bucket) && isStrictSubset(narrow.sets, wide.sets))
      .sort((a, b) => a.size - b.size || (ageOf(a.bucket) < ageOf(b.bucket) ? -1 : 1));
    for (const { bucket } of subsets) placed.add(bucket);
    placed.add(wide.bucket);
  }
  return [...placed];
}

interface RankedBucket {
  readonly bucket: ChargeBucket;
  /** Equal for equal sets of keys. */
  readonly keys: string;
  /** The values of each key, in the order of the sorted keys. */
  readonly sets: readonly ReadonlySet<string>[];
  readonly size: number;
}

function rankedOf(bucket: ChargeBucket): RankedBucket {
  const keys = Object.keys(bucket.conditions).sort();
  const sets = keys.map((key) => new Set(bucket.conditions[key]));
  return { bucket, keys: JSON.stringify(keys), sets, size: sets.reduce((size, set) => size + set.size, 0) };
}

const firstOf = (keys: string, value: string | undefined): string => `${keys}${value}`;
const ageOf = ({ filter }: ChargeBucket): bigint => filter?.ordinal ?? 0n;

/** Both have the same keys. */
function isStrictSubset(narrow: RankedBucket["sets"], wide: RankedBucket["sets"]): boolean {
  let isSmaller = false;
  for (const [index, set] of narrow.entries()) {
    const other = wide[index];
    if (other === undefined || !set.isSubsetOf(other)) return false;
    if (set.size < other.size) isSmaller = true;
  }
  return isSmaller;
}

/** An event's properties as they came or as the log has them. */
type EventProperties = Readonly<Record<string, unknown>>;

/** The first bucket (of `chargeBuckets`) whose every key's text is among its values. */
export function bucketOfEvent(buckets: readonly ChargeBucket[], properties: EventProperties): ChargeBucket {
  let best = buckets.length - 1;
  for (const [key, byValue] of indexOf(buckets)) {
    const text = textOf(properties, key);
    for (const { rank, rest } of text === null ? [] : (byValue.get(text) ?? [])) {
      if (rank >= best) break;
      if (rest.every(([name, values]) => isAmong(values, textOf(properties, name)))) best = rank;
    }
  }
  const bucket = buckets[best];
  if (bucket === undefined) throw new Error("a charge without a default bucket");
  return bucket;
}

/** A bucket that the value of one of its keys leads to: its place, and what the event must meet beside. */
interface Candidate {
  readonly rank: number;
  readonly rest: readonly (readonly [string, ReadonlySet<string>])[];
}

/** By one key of each bucket and its values: an event meets a few of hundreds. Candidates in order of precedence. */
type BucketIndex = ReadonlyMap<string, ReadonlyMap<string, readonly Candidate[]>>;

const indexOfBuckets = new WeakMap<readonly ChargeBucket[], BucketIndex>();

function indexOf(buckets: readonly ChargeBucket[]): BucketIndex {
  const known = indexOfBuckets.get(buckets);
  if (known !== undefined) return known;
  const index = new Map<string, Map<string, Candidate[]>>();
  buckets.forEach(({ conditions }, rank) => {
    const [first, ...others] = Object.entries(conditions).sort(([, a], [, b]) => a.length - b.length);
    if (first === undefined) return;
    const rest = others.map(([key, values]) => [key, new Set(values)] as const);
    const byValue = index.get(first[0]) ?? new Map<string, Candidate[]>();
    index.set(first[0], byValue);
    for (const value of first[1]) {
      const candidates = byValue.get(value) ?? [];
      byValue.set(value, candidates);
      candidates.push({ rank, rest });
    }
  });
  indexOfBuckets.set(buckets, index);
  return index;
}

const isAmong = (values: ReadonlySet<string>, text: string | null): boolean => text !== null && values.has(text);
const textOf = (properties: EventProperties, key: string): string | null =>
  Object.hasOwn(properties, key) ? propertyText(properties[key]) : null;

/** What shows units apart without pricing them apart: at most two keys, of the charge alone. Shown on invoices unless said otherwise. */
export function presentationGroupKeys({ properties }: Pick<Charge, "properties">) {
  const { presentation_group_keys: given } = properties;
  const keys = Array.isArray(given) ? (given as readonly PresentationKey[]) : [];
  return keys.map(({ value, options }) => ({ value, display_in_invoice: options?.display_in_invoice ?? true }));
}

/** A property's text as PostgreSQL's `->>` gives it; null where it is absent or null. */
export function propertyText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : jsonText(value);
}

/** As jsonb prints: numbers in plain notation, a blank after colons and commas, keys by their length in bytes, then their bytes. */
function jsonText(value: unknown): string {
  if (value === null) return "null";
  if (isRawNumber(value)) return numberText(value.rawJSON);
  if (typeof value === "number") return numberText(JSON.stringify(value));
  if (Array.isArray(value)) return `[${value.map(jsonText).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, field]) => ({ key, field, bytes: Buffer.from(key) }));
  entries.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
  return `{${entries.map(({ key, field }) => `${JSON.stringify(key)}: ${jsonText(field)}`).join(", ")}}`;
}

/** Exponents are written out; the decimals of the mantissa stay (1.0e-2 is 0.010). */
function numberText(json: string): string {
  const [mantissa = "", exponent] = json.split(/[eE]/);
  if (exponent === undefined) return mantissa;
  const decimals = (mantissa.split(".")[1] ?? "").length - Number(exponent);
  return dec(json).toFixed(Math.max(0, decimals));
}
