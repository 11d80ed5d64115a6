/** Amounts that came with the events, or from the metric's own script. */
import type { NoTerms } from "../rules/as-added-up.ts";
import type { ModelExplanation } from "./model.ts";
import { amountOnly } from "./parts.ts";

export const dynamic: ModelExplanation<NoTerms> = {
  explain(_, { units, amount }) {
    const parts = [amountOnly("event_amounts", amount)];
    // Without units nothing is due, even where amounts were sent.
    return units.eq(0) && !amount.eq(0) ? [...parts, amountOnly("without_units", amount.neg())] : parts;
  },
};

export const custom: ModelExplanation<NoTerms> = {
  explain: (_, { amount }) => [amountOnly("script", amount)],
};
