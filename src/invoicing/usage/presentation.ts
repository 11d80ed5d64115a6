/** Units broken down by properties that do not price them (2.4 of the metering spec). Pure. */
import type { BillableMetric } from "../../catalog/index.ts";
import type { Group, GroupUsage } from "../../metering/index.ts";
import { roundUnits } from "../../rating/index.ts";
import type { PresentationBreakdown } from "./model.ts";

type Rounding = Pick<BillableMetric, "rounding_function" | "rounding_precision">;

/** The same texts under the same keys, whatever their order. */
export function groupName(group: Group): string {
  const entries = Object.entries(group);
  return JSON.stringify(entries.length < 2 ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Of one bucket: the finer groups that belong to each fee's group (by its name), under the presentation keys alone; nothing
 * where nothing was used.
 */
export function breakdownsByGroup(
  metric: Rounding,
  groups: readonly GroupUsage[],
  keys: readonly string[],
  finer: readonly GroupUsage[],
): Map<string, PresentationBreakdown[]> {
  const pricingKeys = Object.keys(groups[0]?.group ?? {});
  const under = (group: Group, some: readonly string[]): Group =>
    Object.fromEntries(some.map((key) => [key, group[key] ?? null]));
  const breakdowns = new Map<string, PresentationBreakdown[]>();
  for (const { group, units, full_units, events_count } of finer) {
    const whole = full_units ?? units;
    if (events_count === 0 && whole.eq(0)) continue;
    const name = groupName(under(group, pricingKeys));
    const breakdown = { presentation_by: under(group, keys), units: roundUnits(whole, metric) };
    const known = breakdowns.get(name);
    if (known === undefined) breakdowns.set(name, [breakdown]);
    else known.push(breakdown);
  }
  return breakdowns;
}
