/**
 * All units at the price of the tier that the whole usage falls into, plus that tier's flat fee (5.5 of the metering spec).
 * 0–100 at 2 with a flat 10, 101–200 at 1: 100 units are 210, 101 units are 101.
 */
import { ceil, type Dec, toWire, ZERO } from "../../kernel/decimal.ts";
import type { ChargeModelRules } from "../model.ts";
import { decimal, decimalOrNull, listOf } from "./properties.ts";
import { unitAmount } from "./unit-amount.ts";

export interface VolumeTier {
  readonly from: Dec;
  readonly to: Dec | null;
  readonly per_unit_amount: Dec;
  readonly flat_amount: Dec;
}

export interface VolumeTerms {
  /** In ascending order. */
  readonly tiers: readonly VolumeTier[];
}

export const volume: ChargeModelRules<VolumeTerms> = {
  parse: (properties) => ({
    tiers: listOf(properties, "volume_ranges")
      .map((range) => ({
        from: decimal(range, "from_value"),
        to: decimalOrNull(range, "to_value"),
        per_unit_amount: decimal(range, "per_unit_amount"),
        flat_amount: decimal(range, "flat_amount"),
      }))
      .sort((a, b) => a.from.cmp(b.from)),
  }),

  price({ tiers }, { units, full_units }) {
    const whole = full_units ?? units;
    const tier = tierOf(whole, tiers);
    const perUnit = tier?.per_unit_amount ?? ZERO;
    const flat = tier?.flat_amount ?? ZERO;
    const perUnitTotal = units.times(perUnit);
    const amount = perUnitTotal.plus(flat);
    return {
      amount,
      unit_amount: unitAmount(amount, whole),
      amount_details: {
        flat_unit_amount: toWire(flat),
        // A prorated charge shows what of its price one whole unit comes to.
        per_unit_amount: toWire(whole.eq(0) ? ZERO : full_units === null ? perUnit : perUnitTotal.div(whole)),
        per_unit_total_amount: toWire(perUnitTotal),
      },
    };
  },
};

/** 100.5 units are beyond a tier that ends at 100, and within one that begins at 101. None below the first tier's start. */
export function tierOf(units: Dec, tiers: readonly VolumeTier[]): VolumeTier | undefined {
  const ceiling = ceil(units);
  return tiers.find(({ from, to }) => from.lte(ceiling) && (to === null || units.lte(to)));
}
