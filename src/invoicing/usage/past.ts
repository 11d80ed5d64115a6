/** What a subscription used in the periods that were invoiced, as it was billed. */
import { invalid, Refusal } from "../../kernel/failure.ts";
import type { Page } from "../../kernel/pages.ts";
import type { Db } from "../../storage/database.ts";
import {
  isMetricCode,
  listPastPeriods,
  loadPastFees,
  type PastFee,
  type PastFilter,
  type PastPeriod,
} from "./past-store.ts";

export interface PastUsage extends PastPeriod {
  readonly fees: readonly PastFee[];
}

/** An unknown customer or subscription has no periods. Refusals: 422 without a subscription; billable_metric_not_found. */
export async function pastUsage(
  db: Db,
  filter: Omit<PastFilter, "external_subscription_id"> & { readonly external_subscription_id: string | null },
  page: Page,
): Promise<{ periods: PastUsage[]; total: number }> {
  const { organization_id, external_subscription_id, billable_metric_code } = filter;
  if (external_subscription_id === null) throw invalid("external_subscription_id", "value_is_mandatory");
  if (billable_metric_code !== null && !(await isMetricCode(db, organization_id, billable_metric_code))) {
    throw new Refusal("billable_metric_not_found");
  }
  const named = { ...filter, external_subscription_id };
  const { periods, total } = await listPastPeriods(db, named, page);
  const fees = await loadPastFees(db, named, periods);
  const ofPeriod = Map.groupBy(fees, ({ invoice_id, subscription_id }) => `${invoice_id}/${subscription_id}`);
  return {
    periods: periods.map((period) => ({
      ...period,
      fees: ofPeriod.get(`${period.invoice_id}/${period.subscription_id}`) ?? [],
    })),
    total,
  };
}
