/** One line of current usage explained. */
import { invalid } from "../../kernel/failure.ts";
import type { Page } from "../../kernel/pages.ts";
import type { Database } from "../../storage/database.ts";
import { usageNow } from "../usage/current-usage.ts";
import type { GroupedUsage, UsageFeeDraft } from "../usage/model.ts";
import { findOpenSubscription, openPeriod } from "../usage/open-period.ts";
import { groupName } from "../usage/presentation.ts";
import { isProrated } from "../usage/views.ts";
import { asBilled } from "./amounts.ts";
import { bucketOfFilter, groupIn, readGroups, readLineEvents } from "./line.ts";
import type { Explanation } from "./model.ts";
import { chargeNamed, filterNamed, type LineQuery } from "./query.ts";
import { explainUsage } from "./usage.ts";

export interface LineRequest extends LineQuery {
  readonly organization_id: string;
  readonly external_customer_id: string;
}

/**
 * Refusals as for current usage; charge_filter_not_found; 422 where there are several groups and none is named, or nothing is
 * known of the one that is.
 */
export async function explainCurrentLine(
  database: Database,
  request: LineRequest,
  page: Page,
  now: Temporal.Instant,
): Promise<Explanation> {
  const { organization_id, external_customer_id, external_subscription_id, restriction } = request;
  const open = await findOpenSubscription(database.db, organization_id, external_customer_id, external_subscription_id);
  const { plan } = open;
  const charge = chargeNamed(plan.charges, restriction);
  const bucket = bucketOfFilter(charge, filterNamed(charge, request.filter));
  if (bucket === undefined) throw new Error(`charge ${charge.id} has no such bucket`);
  const { window, bucket: usageBucket } = openPeriod(open, { charges: [charge] }, now);
  const [groups, usage] = await Promise.all([
    readGroups(database, usageBucket, charge, bucket),
    usageNow(database, open, { charges: [charge] }, now),
  ]);
  const used = groupNamed(groups, request.group);
  const { group } = used.usage;
  const events = await readLineEvents(database, usageBucket, charge, bucket, { group, page, received_after: null });
  const fee = usage.charges[0]?.fees.find(
    (each) => each.filter?.id === bucket.filter?.id && groupName(each.grouped_by) === groupName(group),
  );
  const currency = plan.amount_currency;
  const proration = isProrated(charge, usageBucket.view) ? usageBucket : null;
  const explained = explainUsage({ charge, bucket, used, proration, currency });
  const isSame = fee === undefined || fee.amount_cents === explained.amount_cents;
  return {
    title: `${charge.invoice_display_name ?? charge.billable_metric.name} of ${external_subscription_id}, so far`,
    window,
    currency,
    plan: { id: plan.id, version_no: plan.version_no },
    line: { charge, bucket, grouped_by: group },
    events,
    ...(isSame ? explained : { ...explained, ...asCharged(fee, currency) }),
    is_reproduced: isSame,
  };
}

/** What charges in advance come to depends on what they charged before. */
function asCharged({ precise_amount_cents, amount_cents }: UsageFeeDraft, currency: string) {
  return asBilled(precise_amount_cents, amount_cents, currency);
}

function groupNamed(groups: readonly GroupedUsage[], wanted: LineQuery["group"]): GroupedUsage {
  if (wanted === null) {
    const [only, ...others] = groups;
    if (only === undefined || others.length > 0) throw invalid("group", "value_is_mandatory");
    return only;
  }
  const found = groupIn(groups, wanted);
  if (found === undefined) throw invalid("group", "value_is_invalid");
  return found;
}
