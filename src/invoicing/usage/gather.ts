/** Reading the usage of many subscriptions at once: one read of quantities, and one of single events where prices depend on them. */
import type { Charge } from "../../catalog/index.ts";
import type { Dec } from "../../kernel/decimal.ts";
import { readSeries, readUsage, type Usage, type UsageRequest } from "../../metering/index.ts";
import type { Database } from "../../storage/database.ts";
import type { ChargeUsage, UsageBucket } from "./model.ts";
import { planSeries, type SeriesPlan, seriesFrom, usageRequests } from "./usage-requests.ts";

/** One charge of one bucket, and which of the requests is its. */
interface Entry {
  readonly bucket: number;
  readonly charge: Charge;
  readonly request: number;
}

interface MeteredEntry extends Entry {
  readonly usage: Usage;
  readonly plan: SeriesPlan;
}

/** Charges of a bucket that meter the same thing share one request. */
function entriesOf(buckets: readonly UsageBucket[]): { entries: Entry[]; requests: UsageRequest[] } {
  const entries: Entry[] = [];
  const requests: UsageRequest[] = [];
  for (const [bucket, { charges }] of buckets.entries()) {
    const requestOfMetric = new Map<string, number>();
    for (const [index, request] of usageRequests(buckets[bucket] as UsageBucket).entries()) {
      const charge = charges[index] as Charge;
      const known = requestOfMetric.get(charge.billable_metric.id) ?? requests.push(request) - 1;
      requestOfMetric.set(charge.billable_metric.id, known);
      entries.push({ bucket, charge, request: known });
    }
  }
  return { entries, requests };
}

/**
 * The usage of every charge of every bucket: per bucket a list in the order of its charges.
 * Two reads at most, however many buckets there are.
 */
export async function gatherUsage(database: Database, buckets: readonly UsageBucket[]): Promise<ChargeUsage[][]> {
  const { entries, requests } = entriesOf(buckets);
  const usages = requests.length === 0 ? [] : await readUsage(database, requests);
  const metered = entries.map((entry): MeteredEntry => {
    const usage = usages[entry.request] as Usage;
    return { ...entry, usage, plan: planSeries(entry.charge, usage) };
  });
  const values = await readValues(database, requests, metered);
  const gathered: ChargeUsage[][] = buckets.map(() => []);
  for (const entry of metered) {
    const { bucket, charge, usage, plan } = entry;
    const series = "known" in plan ? plan.known : seriesFrom(charge, usage, values.get(entry) ?? []);
    gathered[bucket]?.push({ charge, usage, series });
  }
  return gathered;
}

async function readValues(
  database: Database,
  requests: readonly UsageRequest[],
  metered: readonly MeteredEntry[],
): Promise<Map<MeteredEntry, readonly Dec[]>> {
  const reads = metered.flatMap((entry) =>
    "read" in entry.plan
      ? [{ entry, request: { ...(requests[entry.request] as UsageRequest), need: entry.plan.read } }]
      : [],
  );
  if (reads.length === 0) return new Map();
  const values = await readSeries(
    database,
    reads.map(({ request }) => request),
  );
  return new Map(reads.map(({ entry }, index) => [entry, values[index] ?? []]));
}
