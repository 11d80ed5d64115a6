/** Billable metrics: what may be stored, and what of it may still change (1.1, 1.2, 1.4 of the metering spec). */
import type { Problem } from "../../kernel/failure.ts";
import { NAME_LENGTH_MAX, storableText, storableTextOrNull } from "../../kernel/text.ts";
import type { AggregationType, MetricFilter } from "../model.ts";
import { parseExpression } from "./expression.ts";

export const AGGREGATION_TYPES = [
  "count_agg",
  "sum_agg",
  "max_agg",
  "unique_count_agg",
  "weighted_sum_agg",
  "latest_agg",
  "custom_agg",
] as const satisfies readonly AggregationType[];

export const ROUNDING_FUNCTIONS = ["round", "ceil", "floor"] as const;

/** What a request says of a metric: absent keys are undefined. */
export interface MetricInput {
  readonly name?: string | null;
  readonly code?: string | null;
  readonly description?: string | null;
  readonly aggregation_type?: string | null;
  readonly field_name?: string | null;
  readonly recurring?: boolean | null;
  readonly weighted_interval?: string | null;
  readonly rounding_function?: string | null;
  readonly rounding_precision?: number | null;
  readonly expression?: string | null;
  readonly custom_aggregator?: string | null;
  readonly filters?: readonly { readonly key?: string | null; readonly values?: readonly string[] | null }[] | null;
}

export interface MetricTerms {
  readonly name: string;
  readonly code: string;
  readonly description: string | null;
  readonly aggregation_type: AggregationType;
  readonly field_name: string | null;
  readonly recurring: boolean;
  readonly weighted_interval: string | null;
  readonly rounding_function: "round" | "ceil" | "floor" | null;
  readonly rounding_precision: number | null;
  readonly expression: string | null;
  readonly custom_aggregator: string | null;
  readonly filters: readonly MetricFilter[];
}

const NEW_METRIC: MetricTerms = {
  name: "",
  code: "",
  description: null,
  aggregation_type: "count_agg",
  field_name: null,
  recurring: false,
  weighted_interval: null,
  rounding_function: null,
  rounding_precision: null,
  expression: null,
  custom_aggregator: null,
  filters: [],
};

export interface MetricReading {
  readonly terms: MetricTerms;
  readonly problems: readonly Problem[];
}

/** A rounding far beyond any unit would only cost time. */
const ROUNDING_PRECISION_MAX = 100;

const NO_FIELD: readonly AggregationType[] = ["count_agg", "custom_agg"];
const NEVER_RECURRING: readonly AggregationType[] = ["count_agg", "max_agg", "latest_agg"];

/** The terms of a new metric. */
export function readNewMetric(input: MetricInput): MetricReading {
  return readMetric({ ...input, aggregation_type: input.aggregation_type ?? null }, NEW_METRIC);
}

/**
 * `isUsed`: by a live charge of a live plan; then only name, description and filters still change, the rest is ignored. A custom
 * aggregation's script may always be put right.
 */
export function readChangedMetric(input: MetricInput, before: MetricTerms, isUsed: boolean): MetricReading {
  if (!isUsed) return readMetric(input, before);
  const { name, description, filters, custom_aggregator } = input;
  const { problems, terms } = readMetric(
    {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(filters === undefined ? {} : { filters }),
      ...(custom_aggregator === undefined ? {} : { custom_aggregator }),
    },
    before,
  );
  return { terms, problems };
}

function readMetric(input: MetricInput, before: MetricTerms): MetricReading {
  const problems: Problem[] = [];
  const refuse = (field: string, code: string) => problems.push({ field, code });
  const text = (given: string | null | undefined, known: string | null) =>
    given === undefined ? known : storableTextOrNull(given);
  const name = text(input.name, before.name) ?? "";
  const code = text(input.code, before.code) ?? "";
  for (const [field, value] of [
    ["name", name],
    ["code", code],
  ] as const) {
    if (value.trim() === "") refuse(field, "value_is_mandatory");
    else if (value.length > NAME_LENGTH_MAX) refuse(field, "value_is_too_long");
  }
  const terms: MetricTerms = {
    ...before,
    name,
    code,
    description: text(input.description, before.description),
    ...readAggregation(input, before, refuse),
    ...readRounding(input, before, refuse),
    expression: text(input.expression, before.expression),
    custom_aggregator: null,
    filters: readFilters(input.filters, before.filters, refuse),
  };
  const script = input.custom_aggregator;
  // One that was kept goes with the type; one that is sent must fit it.
  const kept = terms.aggregation_type === "custom_agg" ? before.custom_aggregator : null;
  const custom_aggregator = text(script, kept);
  checkAggregator({ ...terms, custom_aggregator }, refuse);
  if (terms.expression !== null && parseExpression(terms.expression) === null)
    refuse("expression", "invalid_expression");
  return { terms: { ...terms, custom_aggregator }, problems };
}

type Refuse = (field: string, code: string) => void;

function readAggregation(input: MetricInput, before: MetricTerms, refuse: Refuse) {
  const given = input.aggregation_type === undefined ? before.aggregation_type : input.aggregation_type;
  const aggregation_type = AGGREGATION_TYPES.find((type) => type === given);
  const recurring = input.recurring === undefined ? before.recurring : (input.recurring ?? false);
  const field = input.field_name === undefined ? before.field_name : storableTextOrNull(input.field_name);
  const interval = input.weighted_interval === undefined ? before.weighted_interval : input.weighted_interval;
  if (aggregation_type === undefined) {
    refuse("aggregation_type", "value_is_invalid");
    return {};
  }
  const field_name = aggregation_type === "count_agg" ? null : field;
  if (field_name === null && !NO_FIELD.includes(aggregation_type)) refuse("field_name", "value_is_mandatory");
  if ((field_name?.length ?? 0) > NAME_LENGTH_MAX) refuse("field_name", "value_is_too_long");
  if (recurring && NEVER_RECURRING.includes(aggregation_type)) {
    refuse("recurring", "not_compatible_with_aggregation_type");
  }
  const isWeighted = aggregation_type === "weighted_sum_agg";
  if (isWeighted && interval !== "seconds") refuse("weighted_interval", "value_is_invalid");
  return { aggregation_type, field_name, recurring, weighted_interval: isWeighted ? interval : null };
}

const AGGREGATOR_LENGTH_MAX = 65_536;

/** The script belongs to a custom aggregation, which cannot do without; whether it compiles is found out in its sandbox. */
function checkAggregator({ aggregation_type, custom_aggregator }: MetricTerms, refuse: Refuse): void {
  if (aggregation_type === "custom_agg") {
    if (custom_aggregator === null) refuse("custom_aggregator", "value_is_mandatory");
    else if (custom_aggregator.length > AGGREGATOR_LENGTH_MAX) refuse("custom_aggregator", "value_is_too_long");
  } else if (custom_aggregator !== null) {
    refuse("custom_aggregator", "not_compatible_with_aggregation_type");
  }
}

function readRounding(input: MetricInput, before: MetricTerms, refuse: Refuse) {
  const given = input.rounding_function === undefined ? before.rounding_function : input.rounding_function;
  const rounding_function = ROUNDING_FUNCTIONS.find((name) => name === given) ?? null;
  const rounding_precision =
    input.rounding_precision === undefined ? before.rounding_precision : input.rounding_precision;
  if (rounding_function === null && given !== null && given !== "") refuse("rounding_function", "value_is_invalid");
  if (rounding_precision !== null && Math.abs(rounding_precision) > ROUNDING_PRECISION_MAX) {
    refuse("rounding_precision", "value_is_out_of_range");
  }
  return { rounding_function, rounding_precision };
}

/** The list sent is the complete new list, matched by key (the last entry of a key counts). Kept by key; values keep their order. */
function readFilters(
  given: MetricInput["filters"],
  before: readonly MetricFilter[],
  refuse: Refuse,
): readonly MetricFilter[] {
  if (given === undefined || given === null) return before;
  const filters = new Map<string, MetricFilter>();
  for (const filter of given) {
    const key = storableText(filter.key ?? "");
    const values = [...new Set((filter.values ?? []).map(storableText))];
    if (key.trim() === "") refuse("key", "value_is_mandatory");
    if (values.length === 0) refuse("values", "value_is_mandatory");
    filters.set(key, { key, values });
  }
  return [...filters.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
