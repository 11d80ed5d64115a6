/** A fee explained, whatever it is for. */
import { isBefore } from "../../kernel/calendar.ts";
import type { Page } from "../../kernel/pages.ts";
import type { Database } from "../../storage/database.ts";
import { currentUsageWindow } from "../../subscriptions/index.ts";
import { feeOf } from "../fees/service.ts";
import type { FeeRow } from "../model.ts";
import { billedDays } from "../rules/billed-charges.ts";
import { asBilled } from "./amounts.ts";
import { explainChargeFee } from "./charge-fee.ts";
import { explainCommitmentFee } from "./commitment-fee.ts";
import type { CountedFees } from "./counted-fees.ts";
import { explainEventFee } from "./event-fee.ts";
import { type FeeFacts, loadFeeFacts } from "./facts.ts";
import { explainFixedChargeFee } from "./fixed-charge-fee.ts";
import type { AmountExplanation, Explanation } from "./model.ts";
import { explainMinimum, explainSubscriptionFee } from "./plan-fees.ts";
import { loadFeesOfCharge } from "./store.ts";

export interface FeeExplanation extends Explanation {
  readonly fee: FeeRow;
  /** Those that count towards a commitment; null for a fee of something else. */
  readonly counted_fees: CountedFees | null;
}

type Explained = Pick<Explanation, keyof AmountExplanation | "line" | "events" | "is_reproduced"> &
  Partial<Pick<FeeExplanation, "counted_fees">>;

/** 404 `fee_not_found`. */
export async function explainFee(
  database: Database,
  organizationId: string,
  id: string,
  page: Page,
): Promise<FeeExplanation> {
  const fee = await feeOf(database.db, organizationId, id);
  const facts = await loadFeeFacts(database, organizationId, fee);
  const found = facts === null ? null : await explained(database, organizationId, facts, page);
  const isOwn = found !== null && found.amount_cents === fee.amount_cents;
  return {
    fee,
    title: titleOf(fee),
    window: fee.from_at === null || fee.to_at === null ? null : { from: fee.from_at, to: fee.to_at },
    currency: fee.amount_currency,
    plan: facts === null ? null : { id: facts.version.plan_id, version_no: facts.version.no },
    counted_fees: found?.counted_fees ?? null,
    ...(isOwn ? found : { ...unexplained(fee), line: found?.line ?? null, events: found?.events ?? null }),
  };
}

function explained(
  database: Database,
  organizationId: string,
  facts: FeeFacts,
  page: Page,
): Promise<Explained | null> | Explained | null {
  const { fee } = facts;
  const isOwnWindow = isBefore(facts.window.from, facts.window.to);
  if (fee.fee_type === "subscription") return isOwnWindow ? ofPlan(explainSubscriptionFee(facts)) : null;
  if (fee.fee_type === "fixed_charge") return ofUnits(explainFixedChargeFee(facts));
  if (fee.fee_type === "commitment") return explainMissing(database, organizationId, facts, page);
  if (fee.fee_type !== "charge") return null;
  if (fee.event_transaction_id !== null) return explainEventFee(database, organizationId, facts, page);
  return fee.true_up_parent_fee_id === null
    ? explainChargeFee(database, organizationId, facts, page)
    : explainTrueUp(database, organizationId, facts);
}

const ofPlan = (amount: AmountExplanation): Explained => ({ ...amount, line: null, events: null, is_reproduced: true });

const ofUnits = (amount: AmountExplanation | null): Explained | null => (amount === null ? null : ofPlan(amount));

async function explainMissing(
  { db }: Database,
  organizationId: string,
  facts: FeeFacts,
  page: Page,
): Promise<Explained | null> {
  const explained = await explainCommitmentFee(db, organizationId, facts, page);
  return explained === null ? null : { ...ofPlan(explained.amount), counted_fees: explained.fees };
}

/** What it comes to is known, how is not. */
function unexplained(fee: FeeRow): Explained {
  const amount = asBilled(fee.precise_amount_cents, fee.amount_cents, fee.amount_currency);
  return { units: [], ...amount, line: null, events: null, is_reproduced: false };
}

async function explainTrueUp(database: Database, organizationId: string, facts: FeeFacts): Promise<Explained | null> {
  const { fee, version, terms, window, subscription, has_successor } = facts;
  const charge = version.charges.find(({ id }) => id === fee.charge_id);
  if (charge === undefined) return null;
  const fees = await loadFeesOfCharge(database.db, organizationId, fee);
  const amount = explainMinimum({
    min_amount_cents: charge.min_amount_cents,
    billed_days: billedDays({ subscription, terms, successor_plan: has_successor ? {} : null }, window),
    period_days: currentUsageWindow({ ...terms, terminated_at: null }, window.from).duration_days,
    used_cents: fees.map(({ amount_cents, pricing_unit }) =>
      pricing_unit === null ? amount_cents : BigInt(String(pricing_unit.amount_cents)),
    ),
    currency: fee.amount_currency,
    applied: charge.applied_pricing_unit,
  });
  return ofPlan(amount);
}

function titleOf(fee: FeeRow): string {
  const { fee_type, external_subscription_id, filter_values, filter_display_name } = fee;
  const of = external_subscription_id === null ? "" : ` of ${external_subscription_id}`;
  if (fee_type === "fixed_charge")
    return `${fee.invoice_display_name ?? fee.fixed_charge_display_name ?? fee.add_on_display_name ?? fee.add_on_name}${of}`;
  if (fee_type !== "charge")
    return `${fee.invoice_display_name ?? fee.plan_display_name ?? fee.plan_name ?? fee_type}${of}`;
  const name = fee.invoice_display_name ?? fee.charge_display_name ?? fee.metric_name ?? fee_type;
  const filter =
    filter_display_name ?? (filter_values === null ? null : Object.values(filter_values).flat().join(", "));
  const place = [filter, ...Object.entries(fee.grouped_by).map(([key, value]) => `${key} ${value ?? "–"}`)];
  const where = place.filter((each) => each !== null).join(", ");
  const minimum = fee.true_up_parent_fee_id === null ? "" : ", up to its minimum";
  return `${name}${where === "" ? "" : ` (${where})`}${of}${minimum}`;
}
