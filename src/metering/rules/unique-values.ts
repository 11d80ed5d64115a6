/** Distinct values that are added and removed: how many are active, and for how many days (2.3, 2.5 and 2.7 of the metering spec). Pure. */
import { localDayNumber } from "../../kernel/calendar.ts";
import { ceil, dec, ZERO } from "../../kernel/decimal.ts";
import type { GroupUsage, SeriesValue, UsageRequest } from "../model.ts";
import { inOrder } from "./add-up.ts";
import type { Place } from "./event-groups.ts";
import { lastInstant, windowStart } from "./windows.ts";

/** One event of a unique count, in order of time, then ingestion. */
export interface Operation {
  readonly place: Place;
  /** Equal for equal values. */
  readonly value: string;
  readonly at: Temporal.Instant;
  readonly ordinal: bigint;
  readonly is_removal: boolean;
}

const PRORATED_PLACES = 5;

const nothing = {
  full_units: null,
  total_aggregated_units: null,
  amount_cents: ZERO,
  custom_amount: null,
  last_event_at: null,
} as const;

/** Values that were counted without being told apart: all of them active from before the window to its end. */
export interface Counted {
  readonly place: Place;
  readonly active_values: number;
  /** Events that made the group: none, and it does not exist. */
  readonly events: number;
}

interface UniqueGroup {
  readonly place: Place;
  readonly operations: Operation[];
  active_values: number;
  events: number;
}

function groupsOf(operations: Iterable<Operation>, counted: Iterable<Counted>): UniqueGroup[] {
  const groups = new Map<string, UniqueGroup>();
  const groupOf = (place: Place) => {
    let group = groups.get(place.name);
    if (group === undefined) {
      group = { place, operations: [], active_values: 0, events: 0 };
      groups.set(place.name, group);
    }
    return group;
  };
  for (const operation of operations) groupOf(operation.place).operations.push(operation);
  for (const { place, active_values, events } of counted) {
    const group = groupOf(place);
    group.active_values += active_values;
    group.events += events;
  }
  return [...groups.values()].filter((group) => group.operations.length > 0 || group.events > 0);
}

/** Values that are active after the last of their operations (2.3), of which `operations` needs no order. */
export function countActive(
  request: UsageRequest,
  operations: Iterable<Operation>,
  counted: Iterable<Counted> = [],
): GroupUsage[][] {
  const found = groupsOf(operations, counted).map((group) => {
    const last = new Map<string, Operation>();
    for (const operation of group.operations) {
      const known = last.get(operation.value);
      if (known === undefined || isAfter(operation, known)) last.set(operation.value, operation);
    }
    let active = group.active_values;
    for (const { is_removal } of last.values()) if (!is_removal) active += 1;
    const { place } = group;
    return [place.bucket, { ...nothing, group: place.group, units: dec(active), events_count: active }] as const;
  });
  return inOrder<GroupUsage>(request, found, (group) => ({ ...nothing, group, units: ZERO, events_count: 0 }));
}

function isAfter(a: Operation, b: Operation): boolean {
  const order = Temporal.Instant.compare(a.at, b.at);
  return order > 0 || (order === 0 && a.ordinal > b.ordinal);
}

/** A value from the addition that made it active to the removal that ended it. */
interface Stay {
  readonly added: Operation;
  removed: Operation | null;
}

/** The stays of one value, without removals that are taken back on the same local day (2.5, steps 1 and 2). */
function staysOf(operations: readonly Operation[], dayOf: (at: Temporal.Instant) => number): Stay[] {
  const stays: Stay[] = [];
  let open: Stay | null = null;
  for (const [index, operation] of operations.entries()) {
    if (!operation.is_removal) {
      if (open !== null) continue;
      open = { added: operation, removed: null };
      stays.push(open);
      continue;
    }
    if (open === null || isTakenBack(operations, index, dayOf)) continue;
    open.removed = operation;
    open = null;
  }
  return stays;
}

function isTakenBack(
  operations: readonly Operation[],
  index: number,
  dayOf: (at: Temporal.Instant) => number,
): boolean {
  const day = dayOf((operations[index] as Operation).at);
  for (let next = index + 1; next < operations.length; next++) {
    const later = operations[next] as Operation;
    if (dayOf(later.at) !== day) return false;
    if (!later.is_removal) return true;
  }
  return false;
}

/** A kept row of 2.7: +1 with the days that it counts for, −1 with none. */
interface KeptRow {
  readonly at: Temporal.Instant;
  readonly ordinal: bigint;
  readonly step: 1 | -1;
  readonly days: number;
}

const inTime = (a: Operation, b: Operation) => Temporal.Instant.compare(a.at, b.at) || (a.ordinal < b.ordinal ? -1 : 1);

/** The kept rows of one group, in order of time. What had ended before the window begins is not among them. */
function keptRows(request: UsageRequest, operations: Iterable<Operation>): KeptRow[] {
  const timezone = request.proration?.timezone ?? "UTC";
  const from = windowStart(request);
  const firstDay = localDayNumber(from, timezone);
  const lastDay = localDayNumber(lastInstant(request), timezone);
  const dayOf = ({ at }: Operation) => localDayNumber(at, timezone);
  const rows: KeptRow[] = [];
  for (const one of Map.groupBy(operations, ({ value }) => value).values()) {
    for (const { added, removed } of staysOf(one.sort(inTime), (at) => localDayNumber(at, timezone))) {
      if (removed !== null && Temporal.Instant.compare(removed.at, from) < 0) continue;
      const days = (removed === null ? lastDay : dayOf(removed)) + 1 - Math.max(dayOf(added), firstDay);
      rows.push({ at: added.at, ordinal: added.ordinal, step: 1, days: Math.max(days, 0) });
      if (removed !== null) rows.push({ at: removed.at, ordinal: removed.ordinal, step: -1, days: 0 });
    }
  }
  return rows.sort((a, b) => Temporal.Instant.compare(a.at, b.at) || (a.ordinal < b.ordinal ? -1 : 1));
}

/**
 * Prorated by the days that each value was active in the window (2.5): `operations` of the whole history, in any order, but for values
 * that were only counted.
 */
export function proratedUnique(
  request: UsageRequest,
  operations: Iterable<Operation>,
  counted: Iterable<Counted> = [],
): GroupUsage[][] {
  const period = request.proration?.period_days ?? 1;
  const timezone = request.proration?.timezone ?? "UTC";
  const whole = localDayNumber(lastInstant(request), timezone) - localDayNumber(windowStart(request), timezone) + 1;
  const found = groupsOf(operations, counted).map((group) => {
    const { place } = group;
    const rows = keptRows(request, group.operations);
    const days = rows.reduce((total, row) => total + row.days, group.active_values * whole);
    const active = rows.reduce((total, row) => total + row.step, group.active_values);
    const usage: GroupUsage = {
      ...nothing,
      group: place.group,
      units: ceil(dec(days).div(period), PRORATED_PLACES),
      full_units: dec(active),
      events_count: active,
    };
    return [place.bucket, usage] as const;
  });
  return inOrder<GroupUsage>(request, found, (group) => ({
    ...nothing,
    group,
    units: ZERO,
    full_units: ZERO,
    events_count: 0,
  }));
}

/** (±1, share) per kept row of one group (2.7). */
export function proratedUniqueSeries(request: UsageRequest, operations: Iterable<Operation>): SeriesValue[] {
  const period = dec(request.proration?.period_days ?? 1);
  return keptRows(request, operations).map(({ step, days }) => ({
    full: dec(step),
    prorated: dec(days).div(period),
  }));
}
