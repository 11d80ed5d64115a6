/** The filters of a charge: what may be stored, and what of a list that is sent changes, comes and goes (6.4, 6.5 of the metering spec). */
import type { Problem } from "../../kernel/failure.ts";
import { storableText, storableTextOrNull } from "../../kernel/text.ts";
import type { BillableMetric, ChargeFilter, ChargeModel, ChargeProperties, FilterValues } from "../model.ts";
import { isAllValues } from "./charge-buckets.ts";
import { readProperties } from "./properties.ts";

/** What a request says of a filter: absent keys are undefined. */
export interface FilterInput {
  readonly invoice_display_name?: string | null;
  readonly properties?: Readonly<Record<string, unknown>> | null;
  readonly values?: Readonly<Record<string, unknown>> | null;
}

export interface FilterTerms {
  readonly invoice_display_name: string | null;
  readonly properties: ChargeProperties;
  readonly values: FilterValues;
}

/** What of a charge its filters depend on. */
export interface FilteredCharge {
  readonly charge_model: ChargeModel;
  readonly billable_metric: Pick<BillableMetric, "aggregation_type" | "filters">;
}

export interface FilterReading {
  readonly terms: FilterTerms;
  readonly problems: readonly Problem[];
}

/** A new filter. Its properties have no defaults: blank ones fail the checks of a model that has any. */
export function readNewFilter(input: FilterInput, charge: FilteredCharge): FilterReading {
  const values = readValues(input.values ?? {}, charge);
  const prices = readPrices(input, charge);
  return {
    terms: { invoice_display_name: readName(input), properties: prices.properties, values: values.values },
    problems: [...values.problems, ...prices.problems],
  };
}

/** Display name and properties, each only if given; values never change. */
export function readChangedFilter(input: FilterInput, before: FilterTerms, charge: FilteredCharge): FilterReading {
  const hasProperties = input.properties !== undefined && input.properties !== null;
  const prices = hasProperties ? readPrices(input, charge) : { properties: before.properties, problems: [] };
  const invoice_display_name = input.invoice_display_name === undefined ? before.invoice_display_name : readName(input);
  const { values } = before;
  return { terms: { invoice_display_name, properties: prices.properties, values }, problems: prices.problems };
}

const readName = ({ invoice_display_name }: FilterInput) => storableTextOrNull(invoice_display_name);

function readPrices({ properties: given }: FilterInput, charge: FilteredCharge) {
  // Presentation keys are the charge's alone.
  const { presentation_group_keys: _, ...own } = given ?? {};
  const isCustomMetric = charge.billable_metric.aggregation_type === "custom_agg";
  const { properties, codes } = readProperties(charge.charge_model, own, { isCustomMetric });
  return { properties, problems: codes.map((code): Problem => ({ field: "properties", code })) };
}

function readValues(given: Readonly<Record<string, unknown>>, { billable_metric }: FilteredCharge) {
  const problems: Problem[] = [];
  const refuse = (field: string, code: string) => problems.push({ field, code });
  const admitted = new Map(billable_metric.filters.map(({ key, values }) => [key, values]));
  const entries = Object.entries(given).map(([name, values]) => {
    const key = storableText(name);
    const texts = Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
    const isList = Array.isArray(values) && texts.length === values.length;
    const listed = [...new Set(texts.map(storableText))];
    const known = admitted.get(key);
    if (known === undefined) refuse("billable_metric_filter", "relation_must_exist");
    if (isList && listed.length === 0) refuse("values", "value_is_mandatory");
    else if (
      !isList ||
      known === undefined ||
      !(isAllValues(listed) || listed.every((value) => known.includes(value)))
    ) {
      refuse("values", "value_is_invalid");
    }
    return [key, listed] as const;
  });
  if (entries.length === 0) refuse("values", "value_is_mandatory");
  return { values: Object.fromEntries(entries) satisfies FilterValues, problems };
}

export interface FilterListReading {
  readonly filters: readonly FilterTerms[];
  /** Of the first filter that has any. */
  readonly problems: readonly Problem[];
}

/** A complete list in its order; twins with equal values stay, though all of their events are in the oldest. */
export function readFilterList(inputs: readonly FilterInput[], charge: FilteredCharge): FilterListReading {
  const filters: FilterTerms[] = [];
  for (const input of inputs) {
    const { terms, problems } = readNewFilter(input, charge);
    if (problems.length > 0) return { filters: [], problems };
    filters.push(terms);
  }
  return { filters, problems: [] };
}

/** Equal for equal values: the order of the keys does not matter, that of a key's values does. */
export function valuesKey(values: FilterValues): string {
  return JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export type PlacedFilter = FilterTerms & { readonly position: number };

/** A change of one filter leaves it where it is. */
export type ChangedFilter = FilterTerms & { readonly position: number | null };

/** Filters that are added one by one stand behind those of the last list, by their age. */
export const AT_THE_END = 2_147_483_647;

export interface FilterChanges {
  readonly created: readonly PlacedFilter[];
  readonly changed: ReadonlyMap<string, ChangedFilter>;
  readonly goneIds: readonly string[];
}

export const inPlaces = (filters: readonly FilterTerms[]): PlacedFilter[] =>
  filters.map((filter, position) => ({ ...filter, position }));

/** A filter whose values are there already changes it (twins in order of their age), any other is new; live ones without an entry go. */
export function filterChanges(live: readonly ChargeFilter[], wanted: readonly FilterTerms[]): FilterChanges {
  const byAge = live.toSorted((a, b) => (a.ordinal < b.ordinal ? -1 : 1));
  const twins = Map.groupBy(byAge, ({ values }) => valuesKey(values));
  const created: PlacedFilter[] = [];
  const changed = new Map<string, ChangedFilter>();
  for (const filter of inPlaces(wanted)) {
    const known = twins.get(valuesKey(filter.values))?.shift();
    if (known === undefined) created.push(filter);
    else changed.set(known.id, filter);
  }
  return { created, changed, goneIds: live.map(({ id }) => id).filter((id) => !changed.has(id)) };
}
