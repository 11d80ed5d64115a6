/** A fee of usage explained: counted anew as it was then, and priced by the version of the plan that priced it. */
import type { Charge, ChargeBucket } from "../../catalog/index.ts";
import { earlier } from "../../kernel/calendar.ts";
import { type Dec, ZERO } from "../../kernel/decimal.ts";
import { timeOfId } from "../../kernel/ids.ts";
import type { Page } from "../../kernel/pages.ts";
import type { Group } from "../../metering/index.ts";
import type { RatedUsage } from "../../rating/index.ts";
import type { Database } from "../../storage/database.ts";
import { currentUsageWindow, type Window } from "../../subscriptions/index.ts";
import { billedDays, isRenewed } from "../rules/billed-charges.ts";
import type { GroupedUsage, UsageBucket } from "../usage/model.ts";
import { usageFee } from "../usage/usage-fees.ts";
import { INVOICE_VIEW } from "../usage/views.ts";
import { asBilled } from "./amounts.ts";
import { type FeeFacts, unroundedAmount } from "./facts.ts";
import { bucketOfFilter, groupIn, readGroups, readLineEvents } from "./line.ts";
import type { AmountExplanation, Explanation } from "./model.ts";
import { explainRated, explainUsage } from "./usage.ts";
import { counted } from "./words.ts";

/** Null where the version that priced it does not know the charge or its filter. */
export async function explainChargeFee(
  database: Database,
  organizationId: string,
  facts: FeeFacts,
  page: Page,
): Promise<Pick<Explanation, keyof AmountExplanation | "line" | "events" | "is_reproduced"> | null> {
  const { fee, version } = facts;
  const charge = version.charges.find(({ id }) => id === fee.charge_id);
  const bucket = charge && bucketOfFilter(charge, fee.charge_filter_id);
  if (charge === undefined || bucket === undefined) return null;
  const usageBucket = usageBucketOf(organizationId, facts, charge);
  const group = fee.grouped_by as Group;
  const [groups, events] = await Promise.all([
    readGroups(database, usageBucket, charge, bucket),
    readLineEvents(database, usageBucket, charge, bucket, { group, page, received_after: timeOfId(fee.id) }),
  ]);
  const used = groupIn(groups, group);
  const isReproduced = used !== undefined && isSame(facts, charge, bucket, used);
  return {
    ...(isReproduced
      ? explainUsage({ charge, bucket, used, proration: usageBucket, currency: fee.amount_currency })
      : explainStored(facts, charge, bucket)),
    line: { charge, bucket, grouped_by: group },
    events,
    is_reproduced: isReproduced,
  };
}

function usageBucketOf(organization_id: string, facts: FeeFacts, charge: Charge): Omit<UsageBucket, "charges"> {
  const { subscription, terms, has_successor } = facts;
  const whole = isRenewed(charge) ? elapsedWindow(facts) : facts.window;
  const open = { ...terms, terminated_at: null };
  return {
    organization_id,
    external_subscription_id: subscription.external_id,
    subscription_id: subscription.id,
    chain_id: subscription.chain_id,
    has_predecessor: subscription.previous_subscription_id !== null,
    window: { from: whole.from, to: usageEnd(facts, whole) },
    timezone: terms.timezone,
    period_days: currentUsageWindow(open, whole.from).duration_days,
    billed_days: billedDays({ subscription, terms, successor_plan: has_successor ? {} : null }, whole),
    view: INVOICE_VIEW,
  };
}

/** A renewal pays for the period to come, for what was carried out of the one before. */
function elapsedWindow({ charges_window, window, terms }: FeeFacts): Window {
  return (
    charges_window ?? currentUsageWindow({ ...terms, terminated_at: null }, window.from.subtract({ nanoseconds: 1 }))
  );
}

/** What happens at the very instant of a change of plan is the successor's. */
function usageEnd({ subscription, has_successor }: FeeFacts, { to }: Window): Temporal.Instant {
  const { terminated_at } = subscription;
  return has_successor && terminated_at !== null ? earlier(to, terminated_at) : to;
}

function isSame({ fee }: FeeFacts, charge: Charge, bucket: ChargeBucket, used: GroupedUsage): boolean {
  const draft = usageFee(charge, bucket, used, fee.amount_currency);
  return (
    draft.amount_cents === fee.amount_cents &&
    draft.precise_amount_cents.eq(fee.precise_amount_cents) &&
    draft.units.eq(fee.units) &&
    draft.events_count === fee.events_count
  );
}

/** From what the fee itself says, where it was counted otherwise than it would be now. */
function explainStored({ fee }: FeeFacts, charge: Charge, bucket: ChargeBucket): AmountExplanation {
  const units = [{ step: "counted" as const, units: fee.units, text: `As billed: ${counted(fee.units, "unit")}` }];
  const rated = ratedOf(fee.units, fee.events_count, unroundedAmount(fee));
  const explained = charge.prorated ? null : explainRated(charge, bucket, rated, fee.amount_currency);
  if (explained !== null && explained.amount_cents === fee.amount_cents) return { units, ...explained };
  return { units, ...asBilled(fee.precise_amount_cents, fee.amount_cents, fee.amount_currency) };
}

function ratedOf(units: Dec, events_count: number, amount: Dec): RatedUsage {
  return { units, full_units: null, events_count, series: [], pairs: null, amount: units.eq(0) ? ZERO : amount };
}
