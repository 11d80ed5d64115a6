/** The one tier that the whole usage falls into. */
import { ZERO } from "../../kernel/decimal.ts";
import { tierOf, type VolumeTerms } from "../rules/volume.ts";
import type { ModelExplanation } from "./model.ts";
import { flat, priced } from "./parts.ts";

export const volume: ModelExplanation<VolumeTerms> = {
  explain({ tiers }, { units, full_units }) {
    const tier = tierOf(full_units ?? units, tiers);
    if (tier === undefined) return [priced("units", units, ZERO)];
    const bounds = {
      from_value: Number(tier.from.toFixed()),
      to_value: tier.to === null ? null : Number(tier.to.toFixed()),
    };
    return [priced("units", units, tier.per_unit_amount, bounds), ...flat(tier.flat_amount, bounds)];
  },
};
