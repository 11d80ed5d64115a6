/** Custom aggregations: a metric's script folds the events of each bucket and group, in order (2.8 of the metering spec). */
import type pg from "pg";
import { type CustomEvent, type CustomUsage, carriedState, foldCustom } from "../../catalog/index.ts";
import { isBefore } from "../../kernel/calendar.ts";
import { type Dec, ZERO } from "../../kernel/decimal.ts";
import { textArray } from "../../storage/arrays.ts";
import type { Group, GroupUsage, UsageRequest } from "../model.ts";
import { inOrder } from "../rules/add-up.ts";
import { keysOf, type Place, placesOf, type Texts } from "../rules/event-groups.ts";
import { windowStart, windowsOf } from "../rules/windows.ts";
import { LOG_EVENTS } from "./log-statements.ts";

interface EventRow extends CustomEvent {
  readonly n: number;
  readonly texts: Texts;
  readonly precise_total_amount_cents: Dec | null;
}

/**
 * Per request and bucket its groups: one read for all, then the scripts. The state of a recurring one is carried over from its history,
 * its amount is that of the window alone.
 * @throws Refusal custom_aggregation_failed where a script fails, loops or grows.
 */
export async function readCustom(pool: pg.Pool, requests: readonly UsageRequest[]): Promise<GroupUsage[][][]> {
  const rows = await readEvents(pool, requests);
  return Promise.all(requests.map((request, index) => foldRequest(request, rows.get(index + 1) ?? [])));
}

async function readEvents(pool: pg.Pool, requests: readonly UsageRequest[]): Promise<Map<number, EventRow[]>> {
  const windows = requests.map((request) => windowsOf(request)[0]);
  const values = [
    requests.map(({ organization_id }) => organization_id),
    requests.map(({ external_subscription_id }) => external_subscription_id),
    requests.map(({ code }) => code),
    requests.map(() => null),
    requests.map(({ buckets }) => textArray(keysOf(buckets))),
    requests.map(({ from }, index) => (windows[index]?.from ?? from).toString()),
    requests.map(({ from }, index) => (windows[index]?.until ?? from).toString()),
    requests.map((_, index) => windows[index]?.until_ordinal ?? 0n),
  ];
  const { rows } = await pool.query<EventRow>({ name: "log_events", text: LOG_EVENTS, values });
  return Map.groupBy(rows, ({ n }) => n);
}

async function foldRequest(request: UsageRequest, rows: readonly EventRow[]): Promise<GroupUsage[][]> {
  const placeOf = placesOf(request.buckets, keysOf(request.buckets));
  const groups = new Map<string, { readonly place: Place; readonly events: EventRow[] }>();
  for (const row of rows) {
    const place = placeOf(row.texts);
    if (place === null) continue;
    const group = groups.get(place.name);
    if (group === undefined) groups.set(place.name, { place, events: [row] });
    else group.events.push(row);
  }
  const found: (readonly [number, GroupUsage])[] = [];
  for (const { place, events } of groups.values()) {
    const first = events.findIndex(({ timestamp }) => !isBefore(timestamp, windowStart(request)));
    const before = first < 0 ? events : events.slice(0, first);
    const own = first < 0 ? [] : events.slice(first);
    const { total_units, amount } = await foldBoth(request, before, own);
    found.push([place.bucket, usageOf(place.group, total_units, own.length, amount)]);
  }
  return inOrder(request, found, (group) => usageOf(group, ZERO, 0, ZERO));
}

async function foldBoth(
  { custom }: UsageRequest,
  before: readonly EventRow[],
  own: readonly EventRow[],
): Promise<CustomUsage> {
  const { script, properties } = custom ?? { script: "", properties: {} };
  if (before.length === 0) return foldCustom(script, own, properties);
  const { state } = await foldCustom(script, before, properties);
  return foldCustom(script, own, properties, carriedState(state));
}

function usageOf(group: Group, units: Dec, events: number, amount: Dec): GroupUsage {
  return {
    group,
    units,
    full_units: null,
    total_aggregated_units: null,
    events_count: events,
    amount_cents: ZERO,
    custom_amount: amount,
    last_event_at: null,
  };
}
