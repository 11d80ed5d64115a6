/** What a metric's filters leave of those of its charges (1.4 of the metering spec). */
import type { FilterValues, MetricFilter } from "../model.ts";
import { isAllValues } from "./charge-buckets.ts";
import { valuesKey } from "./charge-filters.ts";

/**
 * The values that are still admissible: a key goes with its last value or with the metric's key; "all" stays as long as the
 * key does. Null where nothing is left: such a filter is deleted.
 */
export function trimmedValues(values: FilterValues, admitted: readonly MetricFilter[]): FilterValues | null {
  const known = new Map(admitted.map((filter) => [filter.key, new Set(filter.values)]));
  const kept = Object.entries(values).flatMap(([key, listed]) => {
    const admissible = known.get(key);
    if (admissible === undefined) return [];
    const left = isAllValues(listed) ? listed : listed.filter((value) => admissible.has(value));
    return left.length === 0 ? [] : [[key, left] as const];
  });
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

export interface FilterTrimming {
  /** Values by filter. */
  readonly changed: ReadonlyMap<string, FilterValues>;
  readonly goneIds: readonly string[];
}

/** What becomes of charges' filters under a metric's new ones. */
export function filterTrimming(
  filters: readonly { readonly id: string; readonly values: FilterValues }[],
  admitted: readonly MetricFilter[],
): FilterTrimming {
  const changed = new Map<string, FilterValues>();
  const goneIds: string[] = [];
  for (const { id, values } of filters) {
    const left = trimmedValues(values, admitted);
    if (left === null) goneIds.push(id);
    else if (valuesKey(left) !== valuesKey(values)) changed.set(id, left);
  }
  return { changed, goneIds };
}
