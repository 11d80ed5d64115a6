/** From what a period used to its charge fees: 8.1 to 8.4 and 7.6 of the metering spec. Pure. */
import type { Charge } from "../../catalog/index.ts";
import type { Window } from "../../subscriptions/index.ts";
import type { PlannedFee } from "../model.ts";
import type { ChargeUsage, UsageFeeDraft } from "../usage/model.ts";
import { isKept, isStorable, usageFees } from "../usage/usage-fees.ts";
import { carriesLevels } from "../usage/usage-requests.ts";
import type { LevelRow } from "../usage/weighted-levels.ts";
import { billedDays, isRenewed, renewedWindow } from "./billed-charges.ts";
import type { PeriodFees } from "./commitment.ts";
import type { DuePeriod } from "./due-periods.ts";
import type { FixedChargeFacts } from "./fixed-charge-fees.ts";
import { named } from "./named.ts";
import { trueUp } from "./true-up.ts";

/** A due period and what was used in its window, in the order of the plan's charges. */
export interface RatedPeriod {
  readonly period: DuePeriod;
  readonly usage: readonly ChargeUsage[];
  /** What is stored of the period that is held against a commitment; null: there is none. */
  readonly billed_before: PeriodFees | null;
  /** Null: none of the batch is due. */
  readonly fixed_charges: FixedChargeFacts | null;
}

export interface ChargeFees {
  readonly fees: readonly PlannedFee[];
  readonly standalone_fees: readonly PlannedFee[];
  readonly levels: readonly LevelRow[];
}

const NOTHING: ChargeFees = { fees: [], standalone_fees: [], levels: [] };

export function chargeFees({ period, usage }: Pick<RatedPeriod, "period" | "usage">): ChargeFees {
  const { charges: window } = period.windows;
  if (!period.bills_charges || window === null) return NOTHING;
  const fees: PlannedFee[] = [];
  const standalone_fees: PlannedFee[] = [];
  const levels: LevelRow[] = [];
  for (const used of usage) {
    const { charge } = used;
    const drafts = pricedFees(used, period);
    if (isRenewed(charge)) {
      const renewal = renewedWindow(period);
      if (charge.invoiceable) fees.push(...planned(drafts.filter(isKept), renewal));
      else standalone_fees.push(...planned(drafts, renewal));
      continue;
    }
    fees.push(...planned(withMinimum(charge, drafts, period, window), window));
    if (carriesLevels(charge)) levels.push(...levelsOf(used, period, window));
  }
  return { fees, standalone_fees, levels };
}

/** A price that cannot be told is told apart by the charge whose it is. */
function pricedFees(used: ChargeUsage, { plan }: DuePeriod): UsageFeeDraft[] {
  const { code, billable_metric } = used.charge;
  return named(
    () => `charge ${code} (metric ${billable_metric.code}, plan ${plan.code})`,
    () => usageFees(used, plan.amount_currency),
  );
}

/** The fees that are kept; with what is missing to the charge's minimum, and the fee that it is missing to. */
function withMinimum(
  charge: Charge,
  drafts: readonly UsageFeeDraft[],
  period: DuePeriod,
  window: Window,
): UsageFeeDraft[] {
  const { plan, windows } = period;
  if (charge.min_amount_cents <= 0n) return drafts.filter(isKept);
  const part = { billed_days: billedDays(period, window), period_days: windows.charges_duration_days };
  const missing = trueUp(charge, drafts, part, plan.amount_currency);
  const kept = drafts.filter((draft) => isKept(draft) || draft === missing?.true_up_of);
  return missing === null ? kept : [...kept, missing];
}

function planned(drafts: readonly UsageFeeDraft[], window: Window): PlannedFee[] {
  const fees = new Map<UsageFeeDraft, PlannedFee>();
  for (const draft of drafts) {
    const parent = draft.true_up_of === null ? null : (fees.get(draft.true_up_of) ?? null);
    fees.set(draft, plannedFee(draft, window, parent));
  }
  return [...fees.values()];
}

/** Renewals without an invoice are marked as paid in advance; those on one are not (8.2, rule 7). */
function plannedFee(fee: UsageFeeDraft, { from, to }: Window, true_up_of: PlannedFee | null): PlannedFee {
  if (!isStorable(fee)) throw new Error(`charge ${fee.charge.code}: the amount is larger than an invoice can hold`);
  const { charge, filter, true_up_of: _, ...amounts } = fee;
  return {
    ...amounts,
    fee_type: "charge",
    charge_id: charge.id,
    billable_metric_id: charge.billable_metric.id,
    charge_filter_id: filter?.id ?? null,
    pay_in_advance: isRenewed(charge) && !charge.invoiceable,
    invoiceable: charge.invoiceable,
    is_regrouped: charge.regroup_paid_fees !== null,
    true_up_of,
    from,
    to,
  };
}

function levelsOf({ charge, buckets }: ChargeUsage, { subscription }: DuePeriod, { from }: Window): LevelRow[] {
  return buckets.flatMap(({ bucket, groups }) =>
    groups.map(({ usage }) => ({
      chain_id: subscription.chain_id,
      subscription_id: subscription.id,
      charge_id: charge.id,
      charge_filter_id: bucket.filter?.id ?? null,
      grouped_by: usage.group,
      timestamp: usage.last_event_at ?? from,
      level: usage.total_aggregated_units ?? usage.units,
    })),
  );
}
