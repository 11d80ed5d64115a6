/** How the children of a plan follow the changes of its fixed charges (10.6 of the metering spec). */
import { dec } from "../../kernel/decimal.ts";
import type { ChargeProperties, FixedChargeModel } from "../model.ts";
import type { StoredFixedCharge } from "../stored.ts";
import { isSameJson } from "./cascade.ts";
import type { CodedFixedCharge } from "./fixed-charge-list.ts";

/** What of a parent's fixed charge its copies are compared with and follow. Kept as JSON until the cascade is applied. */
export interface FixedChargeSnapshot {
  readonly id: string;
  readonly code: string;
  readonly charge_model: FixedChargeModel;
  readonly properties: ChargeProperties;
  /** A decimal's text. */
  readonly units: string;
}

export interface FixedChargesCascade {
  /** Ids of the parent's. */
  readonly created: readonly string[];
  readonly changed: readonly { readonly before: FixedChargeSnapshot; readonly after: FixedChargeSnapshot }[];
  readonly gone: readonly string[];
  /** Those whose units subscriptions get at once, the others with their next period. */
  readonly at_once: readonly string[];
}

function snapshotOf({ id, code, charge_model, properties, units }: StoredFixedCharge): FixedChargeSnapshot {
  return { id, code, charge_model, properties, units: units.toFixed() };
}

/** What happened to a plan's fixed charges; null where nothing that children follow. */
export function fixedChargesCascade(
  before: readonly StoredFixedCharge[],
  after: readonly StoredFixedCharge[],
  atOnce: readonly string[],
): FixedChargesCascade | null {
  const old = new Map(before.map((charge) => [charge.id, charge]));
  const ids = new Set(after.map(({ id }) => id));
  const changed = after.flatMap((charge) => {
    const was = old.get(charge.id);
    const pair = was === undefined ? null : { before: snapshotOf(was), after: snapshotOf(charge) };
    return pair === null || isSameJson(pair.before, pair.after) ? [] : [pair];
  });
  const created = after.filter(({ id }) => !old.has(id)).map(({ id }) => id);
  const gone = before.filter(({ id }) => !ids.has(id)).map(({ id }) => id);
  const isEmpty = [created, changed, gone].every(({ length }) => length === 0);
  return isEmpty ? null : { created, changed, gone, at_once: atOnce };
}

export interface FollowedFixedCharges {
  readonly changed: ReadonlyMap<string, CodedFixedCharge>;
  readonly goneIds: readonly string[];
  /** Of the parent: the child gets copies of them. */
  readonly copied: readonly (StoredFixedCharge & { readonly applies_at_once: boolean })[];
}

/**
 * What becomes of a child's fixed charges. `parentCharges` are the parent's present ones. Prices and units follow together, where
 * model, prices and units were the parent's old ones.
 */
export function followedFixedCharges(
  child: readonly StoredFixedCharge[],
  parentCharges: readonly StoredFixedCharge[],
  { created, changed, gone, at_once }: FixedChargesCascade,
): FollowedFixedCharges {
  const copies = new Map(child.map((charge) => [charge.parent_id, charge]));
  const codes = new Set(child.map(({ code }) => code));
  const followed = new Map<string, CodedFixedCharge>();
  for (const { before, after } of changed) {
    const copy = copies.get(after.id);
    if (copy === undefined || copy.charge_model !== after.charge_model) continue;
    const isOfParent =
      copy.charge_model === before.charge_model &&
      copy.units.eq(before.units) &&
      isSameJson(copy.properties, before.properties);
    const isCodeTaken = codes.has(after.code) && copy.code !== after.code;
    followed.set(copy.id, {
      ...copy,
      code: isCodeTaken ? copy.code : after.code,
      ...(isOfParent ? { properties: after.properties, units: dec(after.units) } : {}),
      applies_at_once: isOfParent && at_once.includes(after.id),
    });
  }
  const copied = parentCharges.filter(({ id, code }) => created.includes(id) && !copies.has(id) && !codes.has(code));
  return {
    changed: followed,
    goneIds: gone.flatMap((id) => copies.get(id)?.id ?? []),
    copied: copied.map((charge) => ({ ...charge, applies_at_once: at_once.includes(charge.id) })),
  };
}
