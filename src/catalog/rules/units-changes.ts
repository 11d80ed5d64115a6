/** Which changes of a plan's fixed charges its subscriptions are told of (10.3 of the metering spec). */
import type { Dec } from "../../kernel/decimal.ts";
import type { CodedFixedCharge } from "./fixed-charge-list.ts";

/** What a subscription's record is made from. Travels as JSON in the payload of `plan.units_changed`. */
export interface UnitsChange {
  readonly fixed_charge_id: string;
  /** A decimal's text. */
  readonly units: string;
  /** From now on; else from the next period of fixed charges on. */
  readonly at_once: boolean;
  /** Whether the units were the same before: then only what waits for the next period is to come now. */
  readonly is_unchanged: boolean;
}

interface Written {
  readonly inserted: readonly { readonly id: string; readonly terms: CodedUnits }[];
  readonly changed: ReadonlyMap<string, CodedUnits>;
}
type CodedUnits = Pick<CodedFixedCharge, "units" | "applies_at_once">;

export function unitsChanges(
  before: ReadonlyMap<string, { readonly units: Dec }>,
  { inserted, changed }: Written,
): UnitsChange[] {
  const change = (id: string, { units, applies_at_once: at_once = false }: CodedUnits): UnitsChange => ({
    ...{ fixed_charge_id: id, units: units.toFixed(), at_once },
    is_unchanged: before.get(id)?.units.eq(units) ?? false,
  });
  return [
    ...[...changed].map(([id, terms]) => change(id, terms)).filter((each) => each.at_once || !each.is_unchanged),
    ...inserted.map(({ id, terms }) => change(id, terms)),
  ];
}
