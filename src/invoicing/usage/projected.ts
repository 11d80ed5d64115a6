/** Current usage, and what it will be at the end of the period. */
import type { Charge } from "../../catalog/index.ts";
import type { Database } from "../../storage/database.ts";
import { type CurrentUsage, usageNow } from "./current-usage.ts";
import { selectCharges } from "./current-usage-query.ts";
import { gatherUsage } from "./gather.ts";
import type { ChargeUsage, UsageFeeDraft } from "./model.ts";
import { findOpenSubscription, openPeriod } from "./open-period.ts";
import { groupName } from "./presentation.ts";
import { asItIs, type Elapsed, elapsedDays, type Projection, projected } from "./projection.ts";

export interface ProjectedFee {
  readonly fee: UsageFeeDraft;
  readonly projection: Projection;
}

export interface ProjectedUsage extends Omit<CurrentUsage, "charges"> {
  readonly charges: readonly { readonly charge: Charge; readonly fees: readonly ProjectedFee[] }[];
}

export interface ProjectedUsageRequest {
  readonly organization_id: string;
  readonly external_customer_id: string;
  readonly external_subscription_id: string | null;
}

/** Refusals as for current usage. */
export async function projectedUsage(
  database: Database,
  { organization_id, external_customer_id, external_subscription_id }: ProjectedUsageRequest,
  now: Temporal.Instant,
): Promise<ProjectedUsage> {
  const open = await findOpenSubscription(database.db, organization_id, external_customer_id, external_subscription_id);
  const charges = selectCharges(open.plan.charges, null);
  const { window, bucket } = openPeriod(open, { charges }, now);
  const [current, [usages = []]] = await Promise.all([
    usageNow(database, open, { charges }, now),
    gatherUsage(database, [bucket]),
  ]);
  const projections = projectionsOf(usages, elapsedDays(window, now, open.timezone), current.currency);
  return {
    ...current,
    charges: current.charges.map(({ charge, fees }) => ({
      charge,
      fees: fees.map((fee) => ({ fee, projection: projections.get(placeOf(fee)) ?? asItIs(fee) })),
    })),
  };
}

const placeOf = ({ charge, filter, grouped_by }: Pick<UsageFeeDraft, "charge" | "filter" | "grouped_by">) =>
  `${charge.id}/${filter?.id ?? ""}/${groupName(grouped_by)}`;

/** By the place of a fee; those of recurring metrics are left out. */
function projectionsOf(usages: readonly ChargeUsage[], elapsed: Elapsed, currency: string): Map<string, Projection> {
  const found = new Map<string, Projection>();
  for (const { charge, buckets } of usages) {
    if (charge.billable_metric.recurring) continue;
    for (const { bucket, groups } of buckets) {
      for (const used of groups) {
        const place = placeOf({ charge, filter: bucket.filter, grouped_by: used.usage.group });
        found.set(place, projected(charge, bucket, used, elapsed, currency));
      }
    }
  }
  return found;
}
