/** Scopes of charges in advance: counted from the log where they are new, or where filters, keys or allowances have changed. */
import { dec } from "../../kernel/decimal.ts";
import {
  readSettledNumbers,
  readSettledOperations,
  readSettledSums,
  type SettledNumber,
} from "../../metering/index.ts";
import { areUsedAlike, unusedAllowances, useAllowances } from "../../rating/index.ts";
import type { Tx } from "../../storage/database.ts";
import { groupHash } from "../usage/weighted-levels.ts";
import type { Charging, Level } from "./model.ts";
import { allowancesOf, basisOf, countsValues, isScripted } from "./rules/counted.ts";
import { scopeWindow, stateOf, sumsOf } from "./scope-window.ts";
import { readScriptLevels } from "./scripts.ts";
import {
  beginScopes,
  type LevelRow,
  loadScopes,
  type ScopeName,
  saveLevels,
  saveValues,
  type ValueName,
} from "./store.ts";

export interface OpenScope {
  readonly id: bigint;
}

const scopeName = ({ facts, charge, scope_from }: Charging): ScopeName => ({
  subscription_id: facts.subscription.id,
  charge_id: charge.id,
  scope_from,
});

const keyOf = ({ facts, charge, scope_from }: Charging) => `${facts.subscription.id}/${charge.id}/${scope_from}`;

/** The scopes of these events, by level key. */
export async function ensureScopes(
  tx: Tx,
  organizationId: string,
  chargings: readonly Charging[],
): Promise<Map<string, OpenScope>> {
  if (chargings.length === 0) return new Map();
  const byScope = Map.groupBy(chargings, keyOf);
  const firsts = [...byScope.values()].map(([first]) => first as Charging);
  const known = await loadScopes(tx, organizationId, firsts.map(scopeName));
  const bases = firsts.map(basisOf);
  const ids = new Map<string, bigint>();
  const missing: { first: Charging; basis: string }[] = [];
  for (const [index, first] of firsts.entries()) {
    const scope = known[index] ?? null;
    const basis = bases[index] as string;
    if (scope !== null && scope.basis === basis) ids.set(keyOf(first), scope.id);
    else missing.push({ first, basis });
  }
  if (missing.length > 0) {
    const begun = await beginScopes(
      tx,
      organizationId,
      missing.map(({ first, basis }) => ({ ...scopeName(first), basis })),
    );
    for (const [index, { first }] of missing.entries()) ids.set(keyOf(first), begun[index] as bigint);
    await countScopes(
      tx,
      missing.map(({ first }) => first),
      ids,
    );
  }
  return new Map(chargings.map((one) => [one.level_key, { id: ids.get(keyOf(one)) as bigint }]));
}

/** Everything that stands in the log already, of all filters and groups. */
async function countScopes(tx: Tx, firsts: readonly Charging[], ids: ReadonlyMap<string, bigint>): Promise<void> {
  const idOf = (one: Charging) => ids.get(keyOf(one)) as bigint;
  const plain = firsts.filter(({ charge }) => !isScripted(charge));
  const sums = await readSettledSums(
    tx,
    plain.map((one) => scopeWindow(one)),
  );
  const allowances = await readAllowances(tx, plain);
  const rows: LevelRow[] = [];
  for (const [index, one] of plain.entries()) {
    for (const place of sums[index] ?? []) {
      const { units, events, amount } = sumsOf(one, place);
      if (events === 0) continue;
      const name = nameOf(one, place.bucket, place.group);
      rows.push({
        scope_id: idOf(one),
        ...name,
        group: place.group,
        level: {
          ...{ units, events, amount_cents: amount, last_at: place.last_at, script: null },
          allowances: allowances.get(`${keyOf(one)}/${name.charge_filter_id}/${name.group_hash}`) ?? null,
        },
      });
    }
  }
  const active = await countValues(tx, plain, idOf);
  const scripted = firsts.filter(({ charge }) => isScripted(charge));
  const levels = await readScriptLevels(tx, scripted);
  for (const { charging, bucket, group, level } of levels)
    rows.push({ scope_id: idOf(charging), ...nameOf(charging, bucket, group), group, level });
  await saveLevels(
    tx,
    rows.map((row) => {
      const units = active.get(`${row.scope_id}/${row.charge_filter_id}/${row.group_hash}`);
      return units === undefined ? row : { ...row, level: { ...row.level, units: dec(units) } };
    }),
  );
}

const nameOf = ({ buckets }: Charging, bucket: number, group: Charging["group"]) => ({
  charge_filter_id: buckets[bucket]?.filter?.id ?? null,
  group_hash: groupHash(group),
});

/** Distinct values with their last operations; how many are active, by scope, filter and group. */
async function countValues(tx: Tx, plain: readonly Charging[], idOf: (one: Charging) => bigint) {
  const distinct = plain.filter(({ charge }) => countsValues(charge));
  const operations = await readSettledOperations(
    tx,
    distinct.map((one) => scopeWindow(one)),
  );
  const active = new Map<string, number>();
  const rows: (ValueName & { state: ReturnType<typeof stateOf> })[] = [];
  for (const [index, one] of distinct.entries()) {
    for (const operation of operations[index] ?? []) {
      const name = { scope_id: idOf(one), ...nameOf(one, operation.bucket, operation.group) };
      const state = stateOf(operation);
      rows.push({ ...name, value: operation.value, state });
      const key = `${name.scope_id}/${name.charge_filter_id}/${name.group_hash}`;
      active.set(key, (active.get(key) ?? 0) + (state.active ? 1 : 0));
    }
  }
  await saveValues(tx, rows);
  return active;
}

/** How far allowances are used up, by scope, filter and group. */
async function readAllowances(tx: Tx, plain: readonly Charging[]): Promise<Map<string, Level["allowances"]>> {
  const allowed = plain.filter(({ charge, buckets }) =>
    buckets.some((bucket) => allowancesOf(charge, bucket) !== null),
  );
  const numbers = await readSettledNumbers(
    tx,
    allowed.map((one) => scopeWindow(one)),
  );
  const found = new Map<string, Level["allowances"]>();
  for (const [index, one] of allowed.entries()) {
    for (const number of numbers[index] ?? []) {
      const { charge_filter_id, group_hash } = nameOf(one, number.bucket, number.group);
      const key = `${keyOf(one)}/${charge_filter_id}/${group_hash}`;
      const used = usedBy(one, number, found.get(key) ?? null);
      if (used !== null) found.set(key, used);
    }
  }
  return found;
}

function usedBy({ charge, buckets }: Charging, number: SettledNumber, known: Level["allowances"]): Level["allowances"] {
  const bucket = buckets[number.bucket];
  if (bucket === undefined || allowancesOf(charge, bucket) === null) return null;
  const before = known?.used ?? unusedAllowances(bucket.properties);
  const used = useAllowances(bucket.properties, before, number.number);
  return { used, last_at: areUsedAlike(before, used) ? (known?.last_at ?? null) : number.timestamp };
}
