import type { StandardTerms } from "../rules/standard.ts";
import type { ModelExplanation } from "./model.ts";
import { priced } from "./parts.ts";

export const standard: ModelExplanation<StandardTerms> = {
  explain: ({ amount }, { units }) => [priced("units", units, amount)],
};
