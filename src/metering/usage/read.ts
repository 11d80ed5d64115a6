/** Usage of many buckets and groups at once: a constant number of statements, whatever the number of requests. */
import type pg from "pg";
import type { Database } from "../../storage/database.ts";
import { THRESHOLDS } from "../fold/folder.ts";
import type { GroupUsage, UsageRequest } from "../model.ts";
import { readCustom } from "./custom.ts";
import { isPlain, readPlain } from "./plain.ts";
import { readWindows } from "./windows.ts";

/** A read of a stream with more raw events than this asks the folder to spare the next one. */
const WORTH_KEEPING_EVENTS = 4 * THRESHOLDS.rawEventsMax;

/**
 * Exact usage: per request, in their order, per bucket its groups (2.1 to 2.6 of the metering spec). A bucket without group keys has one
 * group, {}; one with keys that received nothing has one group of nulls. A key that all buckets have a condition on bounds what is read.
 */
export async function readUsage(
  { indexPool: pool }: Pick<Database, "indexPool">,
  requests: readonly UsageRequest[],
  worthKeeping: number = WORTH_KEEPING_EVENTS,
): Promise<GroupUsage[][][]> {
  const answers: GroupUsage[][][] = requests.map(() => []);
  const ways = Map.groupBy(requests.keys(), (index) => wayOf(requests[index] as UsageRequest));
  await Promise.all(
    [...ways].map(async ([way, indexes]) => {
      const some = indexes.map((index) => requests[index] as UsageRequest);
      const found = await READ[way](pool, some, worthKeeping);
      for (const [position, index] of indexes.entries()) answers[index] = found[position] as GroupUsage[][];
    }),
  );
  return answers;
}

type Way = "plain" | "windows" | "custom";

function wayOf(request: UsageRequest): Way {
  if (request.aggregation_type === "custom_agg") return "custom";
  return isPlain(request) ? "plain" : "windows";
}

type Read = (pool: pg.Pool, requests: readonly UsageRequest[], worthKeeping: number) => Promise<GroupUsage[][][]>;

const READ: Readonly<Record<Way, Read>> = {
  plain: async (...read) => (await readPlain(...read)).map((usage) => [[usage]]),
  windows: readWindows,
  custom: readCustom,
};
