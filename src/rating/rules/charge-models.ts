/** All charge models in one table: a model without its file does not compile. */
import type { ChargeModel, ChargeProperties } from "../../catalog/index.ts";
import { messageOf } from "../../kernel/failure.ts";
import type { ChargeModelRules, Price, RatedUsage, SeriesNeed } from "../model.ts";
import { custom, dynamic } from "./as-added-up.ts";
import { graduated } from "./graduated.ts";
import { graduatedPercentage } from "./graduated-percentage.ts";
import { packaged } from "./package.ts";
import { percentage } from "./percentage.ts";
import { standard } from "./standard.ts";
import { volume } from "./volume.ts";

const CHARGE_MODELS = {
  standard,
  graduated,
  package: packaged,
  percentage,
  volume,
  graduated_percentage: graduatedPercentage,
  dynamic,
  custom,
} as const satisfies Record<ChargeModel, unknown>;

/** What each model's `parse` gives. */
export type ParsedProperties = {
  readonly [M in ChargeModel]: (typeof CHARGE_MODELS)[M] extends ChargeModelRules<infer Terms> ? Terms : never;
};

type Rules = { readonly [M in ChargeModel]: ChargeModelRules<ParsedProperties[M]> };

const rules: Rules = CHARGE_MODELS;

/** A charge's properties are parsed once, however many subscriptions they price. */
const parsed = new WeakMap<ChargeProperties, { [M in ChargeModel]?: ParsedProperties[M] }>();

/** The properties as decimals. Throws where they are not what the catalog lets through for this model. */
export function parseProperties<M extends ChargeModel>(model: M, properties: ChargeProperties): ParsedProperties[M] {
  let known = parsed.get(properties);
  if (known === undefined) {
    known = {};
    parsed.set(properties, known);
  }
  const terms: ParsedProperties[M] = known[model] ?? readProperties(model, properties);
  known[model] = terms;
  return terms;
}

const PROPERTIES_SHOWN_MAX = 200;

/** What is said of properties that are not of the model is what whoever mends them must know. */
function readProperties<M extends ChargeModel>(model: M, properties: ChargeProperties): ParsedProperties[M] {
  try {
    return rules[model].parse(properties);
  } catch (cause) {
    const why = messageOf(cause).replace("[big.js] ", "");
    const shown = JSON.stringify(properties).slice(0, PROPERTIES_SHOWN_MAX);
    throw new Error(`the properties ${shown} are no ${model} price: ${why}`, { cause });
  }
}

/** What the usage of one bucket costs, in major units, unrounded (section 5 of the metering spec). */
export function price<M extends ChargeModel>(model: M, properties: ChargeProperties, usage: RatedUsage): Price {
  const { price: ofTheWhole, pricePairs } = rules[model];
  const terms = parseProperties(model, properties);
  return usage.pairs === null || pricePairs === undefined
    ? ofTheWhole(terms, usage)
    : pricePairs(terms, usage, usage.pairs);
}

/** Which values of the single events `price` needs. */
export function seriesNeeded<M extends ChargeModel>(model: M, properties: ChargeProperties): SeriesNeed {
  return rules[model].seriesNeeded?.(parseProperties(model, properties)) ?? { kind: "none" };
}

/** Whether prorated usage under this model is priced event by event: then `price` needs them as pairs. */
export function needsPairs(model: ChargeModel): boolean {
  return rules[model].pricePairs !== undefined;
}
