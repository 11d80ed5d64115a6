/** Reading the usage of many subscriptions at once: a fixed number of reads, whatever their charges, filters and groups. */
import {
  type CarriedLevel,
  type GroupUsage,
  readSeries,
  readUsage,
  type SeriesValue,
  type UsageRequest,
} from "../../metering/index.ts";
import type { Database } from "../../storage/database.ts";
import { historyStarts } from "../../subscriptions/index.ts";
import { withUnitsInAdvance } from "../in-advance/current-units.ts";
import type { BucketUsage, ChargeUsage, GroupedUsage, PresentationBreakdown, UsageBucket } from "./model.ts";
import { breakdownsByGroup, groupName } from "./presentation.ts";
import {
  type Carried,
  carriesLevels,
  NOTHING_CARRIED,
  planSeries,
  type SeriesPlan,
  seriesFrom,
  usageRequest,
} from "./usage-requests.ts";
import { isProrated, type ViewedCharge, viewedCharge } from "./views.ts";
import { type LevelRequest, levelsInView, loadLevels } from "./weighted-levels.ts";

/** One charge of one bucket. */
interface Entry {
  readonly bucket: UsageBucket;
  readonly viewed: ViewedCharge;
}

type Levels = NonNullable<Carried["levels"]>;

/** What was read for one: per bucket of the charge, in order of precedence, its groups. */
interface ReadEntry extends Entry {
  readonly request: UsageRequest;
  readonly usages: readonly (readonly GroupUsage[])[];
  readonly presented: readonly (readonly GroupUsage[])[] | null;
}

/** One group on its way to a GroupedUsage. */
interface GroupEntry {
  readonly entry: ReadEntry;
  /** Index of the charge's bucket, in order of precedence. */
  readonly index: number;
  readonly usage: GroupUsage;
  readonly plan: SeriesPlan;
  readonly breakdowns: readonly PresentationBreakdown[];
}

/**
 * The usage of every charge of every bucket: per bucket a list in the order of its charges. (Where one batch bills several
 * missed periods of a weighted sum, each begins with the level that the one before ends with: a read for each.)
 */
export async function gatherUsage(database: Database, buckets: readonly UsageBucket[]): Promise<ChargeUsage[][]> {
  const entries = buckets.map((bucket) =>
    bucket.charges.map((charge): Entry => ({ bucket, viewed: viewedCharge(charge, bucket.view) })),
  );
  const read = await readEntries(database, entries.flat());
  const groups = [...read.values()].flatMap(groupsOf);
  const series = await readNeeded(database, groups);
  const grouped = new Map<ReadEntry, GroupedUsage[][]>();
  for (const one of groups) {
    let ofEntry = grouped.get(one.entry);
    if (ofEntry === undefined) {
      ofEntry = one.entry.usages.map(() => []);
      grouped.set(one.entry, ofEntry);
    }
    ofEntry[one.index]?.push(groupedUsage(one, series.get(one) ?? []));
  }
  const gathered = entries.map((ofBucket) =>
    ofBucket.map((entry) => chargeUsage(entry.viewed, grouped.get(read.get(entry) as ReadEntry) ?? [])),
  );
  return withUnitsInAdvance(database.db, buckets, gathered);
}

/** Filters are read in order of precedence, and shown in the charge's. */
function chargeUsage({ charge, buckets }: ViewedCharge, groups: readonly GroupedUsage[][]): ChargeUsage {
  const place = new Map(charge.filters.map(({ id }, index) => [id, index]));
  const found = buckets.map(({ bucket }, index): BucketUsage => ({ bucket, groups: groups[index] ?? [] }));
  const placeOf = ({ bucket }: BucketUsage) => place.get(bucket.filter?.id ?? "") ?? charge.filters.length;
  return { charge, buckets: found.sort((a, b) => placeOf(a) - placeOf(b)) };
}

function groupsOf(entry: ReadEntry): GroupEntry[] {
  const { charge, buckets, presentation } = entry.viewed;
  const isProratedCharge = isProrated(charge, entry.bucket.view);
  return entry.usages.flatMap((usages, index) => {
    const properties = buckets[index]?.bucket.properties ?? charge.properties;
    const finer = entry.presented?.[index] ?? [];
    const breakdowns =
      presentation === null ? null : breakdownsByGroup(charge.billable_metric, usages, presentation.keys, finer);
    return usages.map((usage) => ({
      entry,
      index,
      usage,
      plan: planSeries(charge, properties, usage, isProratedCharge),
      breakdowns: breakdowns?.get(groupName(usage.group)) ?? [],
    }));
  });
}

function groupedUsage({ entry, usage, plan, breakdowns }: GroupEntry, values: readonly SeriesValue[]): GroupedUsage {
  if ("known" in plan) return { usage, series: plan.known, pairs: null, breakdowns };
  if (entry.request.proration !== null) {
    const pairs = values.map(({ full, prorated }) => ({ full, prorated: prorated ?? full }));
    return { usage, series: null, pairs, breakdowns };
  }
  const numbers = values.map(({ full }) => full);
  return { usage, series: seriesFrom(entry.viewed.charge, usage, numbers), pairs: null, breakdowns };
}

async function readNeeded(
  database: Database,
  groups: readonly GroupEntry[],
): Promise<Map<GroupEntry, readonly SeriesValue[]>> {
  const reads = groups.flatMap((one) => {
    const { entry, index, usage, plan } = one;
    if (!("read" in plan)) return [];
    return [{ one, read: { request: entry.request, bucket: index, group: usage.group, need: plan.read } }];
  });
  if (reads.length === 0) return new Map();
  const values = await readSeries(
    database,
    reads.map(({ read }) => read),
  );
  return new Map(reads.map(({ one }, index) => [one, values[index] ?? []]));
}

const isRecurring = ({ viewed }: Entry) => viewed.charge.billable_metric.recurring;

/** All quantities, round by round: the first holds everything but what waits for the level of an earlier window. */
async function readEntries(database: Database, entries: readonly Entry[]): Promise<Map<Entry, ReadEntry>> {
  const weighted = entries.filter(({ viewed }) => carriesLevels(viewed.charge));
  const recurring = entries.filter(isRecurring);
  const [history, levels] = await Promise.all([
    recurring.length === 0
      ? new Map<string, Temporal.Instant>()
      : historyStarts(database.db, recurring[0]?.bucket.organization_id ?? "", [
          ...new Set(recurring.map(({ bucket }) => bucket.subscription_id)),
        ]),
    weighted.length === 0 ? new Map<Entry, Levels>() : storedLevels(database, weighted),
  ]);
  const read = new Map<Entry, ReadEntry>();
  const ends = new Map<string, CarriedLevel[]>();
  for (const round of roundsOf(entries)) {
    const ready = round.map((entry): Ready => {
      const own = levels.get(entry) ?? null;
      return {
        entry,
        carried: isRecurring(entry)
          ? {
              history_from: history.get(entry.bucket.subscription_id) ?? null,
              levels: ends.get(lineOf(entry)) ?? own,
            }
          : NOTHING_CARRIED,
      };
    });
    for (const one of await readRound(database, ready)) {
      read.set(one.entry, one.read);
      if (carriesLevels(one.entry.viewed.charge)) ends.set(lineOf(one.entry), endLevels(one.read));
    }
  }
  return read;
}

const lineOf = ({ bucket, viewed }: Entry) => `${bucket.subscription_id}/${viewed.charge.id}`;

/** Later windows of a level come in later rounds; all else is in the first. */
function roundsOf(entries: readonly Entry[]): Entry[][] {
  const rounds: Entry[][] = [];
  const seen = new Map<string, number>();
  for (const entry of entries) {
    const line = carriesLevels(entry.viewed.charge) ? lineOf(entry) : null;
    const round = line === null ? 0 : (seen.get(line) ?? 0);
    if (line !== null) seen.set(line, round + 1);
    const known = rounds[round];
    if (known === undefined) rounds[round] = [entry];
    else known.push(entry);
  }
  return rounds;
}

function endLevels({ usages }: ReadEntry): CarriedLevel[] {
  return usages.flatMap((groups, bucket) =>
    groups.map(({ group, total_aggregated_units, units }) => ({
      bucket,
      group,
      level: total_aggregated_units ?? units,
    })),
  );
}

async function storedLevels(database: Database, entries: readonly Entry[]): Promise<Map<Entry, Levels>> {
  const stored = await loadLevels(
    database.db,
    entries.map(({ bucket, viewed }): LevelRequest => ({ bucket, charge_id: viewed.charge.id })),
  );
  const levels = new Map<Entry, Levels>();
  for (const [index, entry] of entries.entries()) {
    const found = stored[index] ?? [];
    if (found.length > 0) levels.set(entry, levelsInView(entry.viewed, entry.bucket.view, found) ?? "untold");
  }
  return levels;
}

interface Ready {
  readonly entry: Entry;
  readonly carried: Carried;
}

/** Charges of a bucket that meter the same thing share one request. */
async function readRound(database: Database, ready: readonly Ready[]): Promise<{ entry: Entry; read: ReadEntry }[]> {
  const requests: UsageRequest[] = [];
  const places = new Map<UsageBucket, Map<string, Place>>();
  const placed = ready.map(({ entry, carried }) => {
    const { bucket, viewed } = entry;
    let ofBucket = places.get(bucket);
    if (ofBucket === undefined) {
      ofBucket = new Map();
      places.set(bucket, ofBucket);
    }
    const key = placeKey(viewed);
    let place = ofBucket.get(key);
    if (place === undefined) {
      place = placeRequests(requests, entry, carried);
      ofBucket.set(key, place);
    }
    return { entry, place };
  });
  const usages = requests.length === 0 ? [] : await readUsage(database, requests);
  return placed.map(({ entry, place }) => ({
    entry,
    read: {
      ...entry,
      request: requests[place.own] as UsageRequest,
      usages: usages[place.own] ?? [],
      presented: place.presented === null ? null : (usages[place.presented] ?? []),
    },
  }));
}

interface Place {
  readonly own: number;
  readonly presented: number | null;
}

function placeRequests(requests: UsageRequest[], { bucket, viewed }: Entry, carried: Carried): Place {
  const { charge, buckets, presentation } = viewed;
  const own = usageRequest(bucket, { charge, buckets: buckets.map(({ events }) => events) }, carried);
  const place = requests.push(own) - 1;
  if (presentation === null) return { own: place, presented: null };
  const request = usageRequest(bucket, { charge, buckets: presentation.buckets }, carried);
  return { own: place, presented: requests.push(presentedRequest(request, bucket)) - 1 };
}

/** Levels are stored by pricing groups only: split further, a level is what all earlier events come to. */
function presentedRequest(request: UsageRequest, { window }: UsageBucket): UsageRequest {
  if (request.weighted === null || !("levels" in request.weighted)) return request;
  const { period_seconds } = request.weighted;
  return { ...request, weighted: { period_seconds, history_before: window.from } };
}

/** Levels and scripts are each charge's own. */
function placeKey({ charge, presentation, key }: ViewedCharge): string {
  const isOwn = carriesLevels(charge) || charge.billable_metric.aggregation_type === "custom_agg";
  return presentation === null && !isOwn ? key : `${charge.id}${key}`;
}
