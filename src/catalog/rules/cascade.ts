/** How the children of a plan follow the changes of its charges (10.6 of the metering spec). */
import { dec, parseDecimal } from "../../kernel/decimal.ts";
import type { ChargeModel, ChargeProperties, FilterValues } from "../model.ts";
import type { StoredCharge } from "../stored.ts";
import { trimmedValues } from "./charge-filter-trimming.ts";
import { AT_THE_END, type ChangedFilter, type FilterTerms, valuesKey } from "./charge-filters.ts";
import type { ChangedCharge } from "./charge-list.ts";

/** What of a parent's charge its copies are compared with and follow. Kept as JSON until the cascade is applied. */
export interface ChargeSnapshot {
  readonly id: string;
  readonly code: string;
  readonly charge_model: ChargeModel;
  readonly properties: ChargeProperties;
  /** A decimal's text; null without a pricing unit. */
  readonly conversion_rate: string | null;
}

export interface FilterCascade {
  readonly charge_id: string;
  readonly created: readonly FilterTerms[];
  readonly changed: readonly { readonly before: FilterTerms; readonly after: FilterTerms }[];
  readonly gone: readonly FilterValues[];
}

export interface ChargesCascade {
  /** Ids of the parent's charges. */
  readonly created: readonly string[];
  readonly changed: readonly { readonly before: ChargeSnapshot; readonly after: ChargeSnapshot }[];
  readonly gone: readonly string[];
  readonly filters: readonly FilterCascade[];
}

function snapshotOf(charge: StoredCharge): ChargeSnapshot {
  const { id, code, charge_model, properties, applied_pricing_unit: unit } = charge;
  return { id, code, charge_model, properties, conversion_rate: unit?.conversion_rate.toFixed() ?? null };
}

const termsOf = ({ invoice_display_name, properties, values }: FilterTerms): FilterTerms => ({
  ...{ invoice_display_name, properties, values },
});

/** Whether two pieces of JSON say the same, numbers and their texts compared as numbers. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const [x, y] = [parseDecimal(a), parseDecimal(b)];
  if (x !== null && y !== null) return x.eq(y);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return (
    left.size === right.size && [...left].every(([key, value]) => right.has(key) && isSameJson(value, right.get(key)))
  );
}

/** What happened to a plan's charges; null where nothing that children follow. */
export function chargesCascade(before: readonly StoredCharge[], after: readonly StoredCharge[]): ChargesCascade | null {
  const [old, now] = [new Map(before.map((each) => [each.id, each])), new Map(after.map((each) => [each.id, each]))];
  const stayed = after.flatMap((charge) => {
    const was = old.get(charge.id);
    return was === undefined ? [] : { was, charge };
  });
  const changed = stayed
    .map(({ was, charge }) => ({ before: snapshotOf(was), after: snapshotOf(charge) }))
    .filter((pair) => !isSameJson(pair.before, pair.after));
  const filters = stayed.flatMap(({ was, charge }) => filterCascade(was, charge) ?? []);
  const created = after.filter(({ id }) => !old.has(id)).map(({ id }) => id);
  const gone = before.filter(({ id }) => !now.has(id)).map(({ id }) => id);
  const isEmpty = [created, changed, gone, filters].every(({ length }) => length === 0);
  return isEmpty ? null : { created, changed, gone, filters };
}

function filterCascade(before: StoredCharge, after: StoredCharge): FilterCascade | null {
  const old = new Map(before.filters.map((filter) => [filter.id, filter]));
  const ids = new Set(after.filters.map(({ id }) => id));
  const created = after.filters.filter(({ id }) => !old.has(id)).map(termsOf);
  const changed = after.filters.flatMap((filter) => {
    const was = old.get(filter.id);
    if (was === undefined || isSameJson(termsOf(was), termsOf(filter))) return [];
    return { before: termsOf(was), after: termsOf(filter) };
  });
  const gone = before.filters.filter(({ id }) => !ids.has(id)).map(({ values }) => values);
  const isEmpty = [created, changed, gone].every(({ length }) => length === 0);
  return isEmpty ? null : { charge_id: after.id, created, changed, gone };
}

const GROUP_KEYS = ["pricing_group_keys", "presentation_group_keys"] as const;

/** `own` with the group keys of the parent: these follow always. */
function withGroupKeys(own: ChargeProperties, parent: ChargeProperties): ChargeProperties {
  const kept = Object.entries(own).filter(([key]) => !GROUP_KEYS.some((name) => name === key));
  const followed = GROUP_KEYS.filter((key) => Object.hasOwn(parent, key)).map((key) => [key, parent[key]]);
  return Object.fromEntries([...kept, ...followed]);
}

/**
 * A copy after its charge changed; null where it does not follow: its model is another one. Prices follow where they were the
 * parent's old ones, the code where no other charge of the child has it.
 */
export function followedCharge(
  child: StoredCharge,
  { before, after }: ChargesCascade["changed"][number],
  takenCodes: ReadonlySet<string>,
): ChangedCharge | null {
  if (child.charge_model !== after.charge_model) return null;
  const isOfParent = child.charge_model === before.charge_model && isSameJson(child.properties, before.properties);
  const properties = isOfParent ? after.properties : withGroupKeys(child.properties, after.properties);
  const code = takenCodes.has(after.code) ? child.code : after.code;
  const { applied_pricing_unit: unit } = child;
  const isRateOfParent = before.conversion_rate !== null && unit?.conversion_rate.eq(before.conversion_rate);
  const applied_pricing_unit =
    unit !== null && isRateOfParent && after.conversion_rate !== null
      ? { ...unit, conversion_rate: dec(after.conversion_rate) }
      : unit;
  return { terms: { ...child, code, properties, applied_pricing_unit, filters: null }, filters: null };
}

/** A copy's filters after those of its charge changed; each is found by its values. */
export function followedFilters(child: StoredCharge, { created, changed, gone }: FilterCascade): ChangedCharge {
  const idOf = new Map(
    child.filters.toSorted((a, b) => (a.ordinal > b.ordinal ? -1 : 1)).map(({ id, values }) => [valuesKey(values), id]),
  );
  const goneIds = new Set(gone.flatMap((values) => idOf.get(valuesKey(values)) ?? []));
  const follow = new Map<string, ChangedFilter>();
  for (const { before, after } of changed) {
    const id = idOf.get(valuesKey(before.values));
    const own = child.filters.find((filter) => filter.id === id);
    if (id === undefined || own === undefined || goneIds.has(id)) continue;
    const isOfParent = isSameJson(own.properties, before.properties);
    const { invoice_display_name } = isOfParent ? after : own;
    const properties = isOfParent ? after.properties : withGroupKeys(own.properties, after.properties);
    follow.set(id, { invoice_display_name, properties, values: own.values, position: null });
  }
  const added = new Map<string, FilterTerms>();
  for (const filter of created) {
    const values = trimmedValues(filter.values, child.billable_metric.filters);
    const key = values === null ? null : valuesKey(values);
    const known = key === null ? undefined : idOf.get(key);
    if (values !== null && key !== null && (known === undefined || goneIds.has(known)))
      added.set(key, { ...filter, values });
  }
  const inserted = [...added.values()].map((filter) => ({ ...filter, position: AT_THE_END }));
  return {
    terms: { ...child, filters: null },
    filters: { created: inserted, changed: follow, goneIds: [...goneIds] },
  };
}

export interface FollowedCharges {
  readonly changed: ReadonlyMap<string, ChangedCharge>;
  readonly goneIds: readonly string[];
  /** Charges of the parent that the child gets copies of. */
  readonly copied: readonly StoredCharge[];
}

/** What becomes of a child's charges. `parentCharges` are the parent's present ones. */
export function followedCharges(
  child: readonly StoredCharge[],
  parentCharges: readonly StoredCharge[],
  { created, changed, gone, filters }: ChargesCascade,
): FollowedCharges {
  const copies = new Map(child.map((charge) => [charge.parent_id, charge]));
  const codes = new Set(child.map(({ code }) => code));
  const followed = new Map<string, ChangedCharge>();
  for (const change of filters) {
    const copy = copies.get(change.charge_id);
    if (copy !== undefined) followed.set(copy.id, followedFilters(copy, change));
  }
  for (const pair of changed) {
    const copy = copies.get(pair.after.id);
    if (copy === undefined) continue;
    const others = new Set([...codes].filter((code) => code !== copy.code));
    const change = followedCharge(copy, pair, others);
    if (change !== null) followed.set(copy.id, { ...change, filters: followed.get(copy.id)?.filters ?? null });
  }
  return {
    changed: followed,
    goneIds: gone.flatMap((id) => copies.get(id)?.id ?? []),
    copied: parentCharges.filter(({ id, code }) => created.includes(id) && !copies.has(id) && !codes.has(code)),
  };
}
