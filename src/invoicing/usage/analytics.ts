/**
 * Usage by metric over time (G.3 of the platform spec), from the events themselves: what was used up to the end of each day, week,
 * month or year, less what was used up to its start, at the prices that billed it (or will). Charges in advance: what they charged.
 */
import { type Charge, loadPlanVersions, type PlanVersion, type VersionKey, versionName } from "../../catalog/index.ts";
import type { Database } from "../../storage/database.ts";
import { loadSubscriptions, type Window } from "../../subscriptions/index.ts";
import type { Period } from "./analytics-periods.ts";
import type { UsageAnalyticsQuery } from "./analytics-query.ts";
import { type Reading, readingsOf } from "./analytics-readings.ts";
import {
  type AskedSubscription,
  billedVersions,
  billedWindow,
  listAskedSubscriptions,
  loadChargedDays,
  loadMetricFacts,
} from "./analytics-store.ts";
import { addTo, rowsOf, type Totals, type UsageOfPeriod } from "./analytics-totals.ts";
import { gatherUsage } from "./gather.ts";
import { usageFees } from "./usage-fees.ts";
import { carriesLevels } from "./usage-requests.ts";

/** Subscriptions whose usage is read at a time. */
const BATCH = 200;
/** Readings at a time: a batch has as many for each subscription as its windows are cut. */
const READINGS = 2_000;

export async function usageAnalytics(
  database: Database,
  organizationId: string,
  query: UsageAnalyticsQuery,
  now: Temporal.Instant,
): Promise<UsageOfPeriod[]> {
  const { db } = database;
  const range = rangeOf(query.periods);
  if (range === null) return [];
  const totals: Totals = new Map();
  let after: string | null = null;
  do {
    const page: { after: string | null; limit: number } = { after, limit: BATCH };
    const asked: AskedSubscription[] = await listAskedSubscriptions(db, organizationId, query, range, page);
    await addUsage(database, organizationId, asked, { query, totals, now });
    after = asked.length < BATCH ? null : (asked.at(-1)?.id ?? null);
  } while (after !== null);
  for (const charged of await loadChargedDays(db, organizationId, query, range)) {
    const period = query.periods.findIndex((one) => isWithin(charged.day, one));
    if (period >= 0) addTo(totals, { ...charged, period }, charged.units, charged.amount_cents);
  }
  const ids = new Set([...totals.values()].map(({ metric_id }) => metric_id));
  return rowsOf(totals, query.periods, await loadMetricFacts(db, organizationId, query, [...ids]));
}

const isWithin = (day: Temporal.PlainDate, { first, last }: Period) =>
  Temporal.PlainDate.compare(first, day) <= 0 && Temporal.PlainDate.compare(day, last) <= 0;

function isAskedMetric({ billable_metric: { code, recurring } }: Charge, query: UsageAnalyticsQuery): boolean {
  const { billable_metric_code, is_billable_metric_recurring } = query;
  return (
    (billable_metric_code === null || billable_metric_code === code) &&
    (is_billable_metric_recurring === null || is_billable_metric_recurring === recurring)
  );
}

/** Wherever on Earth it is one of the days. */
function rangeOf(periods: readonly Period[]): Window | null {
  const [first, last] = [periods[0]?.first, periods.at(-1)?.last];
  if (first === undefined || last === undefined) return null;
  const instant = (day: Temporal.PlainDate, days: number) => day.add({ days }).toZonedDateTime("UTC").toInstant();
  return { from: instant(first, -1), to: instant(last, 2) };
}

async function addUsage(
  database: Database,
  organizationId: string,
  asked: readonly AskedSubscription[],
  { query, totals, now }: { query: UsageAnalyticsQuery; totals: Totals; now: Temporal.Instant },
): Promise<void> {
  if (asked.length === 0) return;
  const ids = asked.map(({ id }) => id);
  const [subscriptions, billed] = await Promise.all([
    loadSubscriptions(database.db, organizationId, ids),
    billedVersions(database.db, organizationId, ids),
  ]);
  const versions = await loadVersions(database, organizationId, [...asked.map(({ plan }) => plan), ...billed.values()]);
  const versionOf = (key: VersionKey) => versions.get(versionName(key));
  const readings = asked.flatMap(({ id, timezone, plan }) => {
    const subscription = subscriptions.get(id);
    const today = versionOf(plan);
    if (subscription === undefined || today === undefined) return [];
    const pricedBy = (from: Temporal.Instant) => versionOf(billed.get(billedWindow(id, from)) ?? plan) ?? today;
    const toRead = { organization_id: organizationId, subscription, timezone, today, pricedBy, now };
    return readingsOf({ ...toRead, isAsked: (charge) => isAskedMetric(charge, query) }, query.periods);
  });
  for (const some of roundsOf(readings)) await addReadings(database, some, totals);
}

function loadVersions(
  { db }: Database,
  organizationId: string,
  keys: readonly VersionKey[],
): Promise<Map<string, PlanVersion>> {
  const distinct = new Map(keys.map((key) => [versionName(key), key]));
  return loadPlanVersions(db, organizationId, [...distinct.values()]);
}

/** What is read together: levels that are carried on are read one after another, as the window before each would else begin the next. */
function roundsOf(readings: readonly Reading[]): Reading[][] {
  const part = (reading: Reading, isOwn: (charge: Charge) => boolean): Reading[] => {
    const charges = reading.bucket.charges.filter(isOwn);
    return charges.length === 0 ? [] : [{ ...reading, bucket: { ...reading.bucket, charges } }];
  };
  const plain = readings.flatMap((reading) => part(reading, (charge) => !carriesLevels(charge)));
  const levels = readings.flatMap((reading) => part(reading, carriesLevels));
  const rounds: Reading[][] = [];
  for (let start = 0; start < plain.length; start += READINGS) rounds.push(plain.slice(start, start + READINGS));
  const bySubscription = Map.groupBy(levels, ({ bucket }) => bucket.subscription_id);
  const longest = Math.max(0, ...[...bySubscription.values()].map(({ length }) => length));
  for (let index = 0; index < longest; index++)
    rounds.push([...bySubscription.values()].flatMap((own) => own[index] ?? []));
  return rounds;
}

async function addReadings(database: Database, readings: readonly Reading[], totals: Totals): Promise<void> {
  const usages = await gatherUsage(
    database,
    readings.map(({ bucket }) => bucket),
  );
  for (const [index, { adds, currency }] of readings.entries()) {
    for (const used of usages[index] ?? []) {
      const metric_id = used.charge.billable_metric.id;
      for (const { units, amount_cents } of usageFees(used, currency)) {
        for (const { period, sign } of adds)
          addTo(totals, { period, metric_id, currency }, units.times(sign), amount_cents * BigInt(sign));
      }
    }
  }
}
