/** All explanations in one table: a charge model without one does not compile. */
import type { ChargeModel, ChargeProperties } from "../../catalog/index.ts";
import type { RatedUsage } from "../model.ts";
import { type ParsedProperties, parseProperties } from "../rules/charge-models.ts";
import { custom, dynamic } from "./as-added-up.ts";
import { graduated } from "./graduated.ts";
import { graduatedPercentage } from "./graduated-percentage.ts";
import type { ModelExplanation, PricePart } from "./model.ts";
import { packaged } from "./package.ts";
import { percentage } from "./percentage.ts";
import { standard } from "./standard.ts";
import { volume } from "./volume.ts";

const EXPLANATIONS: { readonly [M in ChargeModel]: ModelExplanation<ParsedProperties[M]> } = {
  standard,
  graduated,
  package: packaged,
  percentage,
  volume,
  graduated_percentage: graduatedPercentage,
  dynamic,
  custom,
};

/** What the price of this usage is made of: the parts add up to `price(…).amount`, to the last decimal. */
export function explainPrice<M extends ChargeModel>(
  model: M,
  properties: ChargeProperties,
  usage: RatedUsage,
): PricePart[] {
  const { explain, explainPairs } = EXPLANATIONS[model];
  const terms = parseProperties(model, properties);
  return usage.pairs === null || explainPairs === undefined
    ? explain(terms, usage)
    : explainPairs(terms, usage, usage.pairs);
}
