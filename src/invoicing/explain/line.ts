/** Reading one line of usage: what was counted into one filter's group, and the events behind it. */
import { type Charge, type ChargeBucket, chargeBuckets } from "../../catalog/index.ts";
import type { Page } from "../../kernel/pages.ts";
import { type CountedEvents, type Group, readCountedEvents } from "../../metering/index.ts";
import type { Database } from "../../storage/database.ts";
import { historyStarts } from "../../subscriptions/index.ts";
import { gatherUsage } from "../usage/gather.ts";
import type { GroupedUsage, UsageBucket } from "../usage/model.ts";
import { groupName } from "../usage/presentation.ts";
import { NOTHING_CARRIED, usageRequest } from "../usage/usage-requests.ts";
import { viewedCharge } from "../usage/views.ts";

/** A charge's bucket by its filter; null: the default one. Undefined where the charge has no such filter. */
export function bucketOfFilter(charge: Charge, filterId: string | null): ChargeBucket | undefined {
  return chargeBuckets(charge).find(({ filter }) => (filter?.id ?? null) === filterId);
}

/** What one charge's filter counted, by group. */
export async function readGroups(
  database: Database,
  usageBucket: Omit<UsageBucket, "charges">,
  charge: Charge,
  { filter }: ChargeBucket,
): Promise<readonly GroupedUsage[]> {
  const [usages = []] = await gatherUsage(database, [{ ...usageBucket, charges: [charge] }]);
  const buckets = usages[0]?.buckets ?? [];
  return buckets.find(({ bucket }) => bucket.filter?.id === filter?.id)?.groups ?? [];
}

export function groupIn(groups: readonly GroupedUsage[], group: Group): GroupedUsage | undefined {
  const name = groupName(group);
  return groups.find(({ usage }) => groupName(usage.group) === name);
}

export interface WantedEvents {
  readonly group: Group;
  readonly page: Page;
  /** Machine time: those that came in later are told apart. */
  readonly received_after: Temporal.Instant | null;
}

export async function readLineEvents(
  database: Database,
  usageBucket: Omit<UsageBucket, "charges">,
  charge: Charge,
  { filter }: ChargeBucket,
  { group, page, received_after }: WantedEvents,
): Promise<CountedEvents> {
  const bucket = { ...usageBucket, charges: [charge] };
  const { buckets } = viewedCharge(charge, bucket.view);
  const starts = await historyStarts(database.db, bucket.organization_id, [bucket.subscription_id]);
  const carried = { ...NOTHING_CARRIED, history_from: starts.get(bucket.subscription_id) ?? null };
  const request = usageRequest(bucket, { charge, buckets: buckets.map(({ events }) => events) }, carried);
  const index = buckets.findIndex((one) => one.bucket.filter?.id === filter?.id);
  return readCountedEvents(database, { request, bucket: index, group, received_after }, page);
}
