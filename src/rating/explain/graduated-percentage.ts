/** Each tier that was reached: its rate on its units, and its flat fee. */
import type { GraduatedPercentageTerms } from "../rules/graduated-percentage.ts";
import { shareOut } from "../rules/tiers.ts";
import type { ModelExplanation } from "./model.ts";
import { flat, rated } from "./parts.ts";

export const graduatedPercentage: ModelExplanation<GraduatedPercentageTerms> = {
  explain: ({ tiers }, { units }) =>
    shareOut(units, tiers).flatMap((share) => [
      rated(share.units, share.tier.rate, share.tier),
      ...flat(share.tier.flat_amount, share.tier),
    ]),
};
