/** What is missing to a minimum commitment explained: what was committed for the days that were billed, and the fees that count towards it. */
import { daysBetween, daysTouched } from "../../kernel/calendar.ts";
import { type Dec, dec } from "../../kernel/decimal.ts";
import { inMajorUnits } from "../../kernel/money.ts";
import type { Page } from "../../kernel/pages.ts";
import type { DbOrTx } from "../../storage/database.ts";
import { currentPeriod } from "../../subscriptions/index.ts";
import { type CommittedPeriod, committed } from "../rules/commitment.ts";
import { explainAmount } from "./amounts.ts";
import { type CountedFees, type FeesOfType, loadCountedFees } from "./counted-fees.ts";
import type { FeeFacts } from "./facts.ts";
import type { AmountExplanation, ExplainedPart } from "./model.ts";
import { counted, currencyUnit, inMoney } from "./words.ts";

/** Null where the version that the fee was billed with has no commitment. */
export async function explainCommitmentFee(
  db: DbOrTx,
  organizationId: string,
  facts: FeeFacts,
  page: Page,
): Promise<{ readonly amount: AmountExplanation; readonly fees: CountedFees } | null> {
  const { fee, version, window, terms } = facts;
  const { minimum_commitment: commitment, amount_currency: currency } = version;
  if (commitment === null) return null;
  const fees = await loadCountedFees(db, organizationId, { fee, window, page });
  const period = currentPeriod({ ...terms, terminated_at: null }, window.from);
  const days = {
    billed_days: daysTouched(window.from, window.to, terms.timezone),
    period_days: daysBetween(period.from, period.to),
  };
  return { amount: explainCommitment(commitment.amount_cents, days, fees.by_type, currency), fees };
}

/** The commitment of the days that are billed, less what they brought in (4.8 of the subscriptions spec). Pure. */
export function explainCommitment(
  amount_cents: bigint,
  days: Omit<CommittedPeriod, "window">,
  billed: readonly FeesOfType[],
  currency: string,
): AmountExplanation {
  const major = (cents: Dec) => inMajorUnits(cents, currency);
  const parts = [
    ofDays(major(dec(amount_cents)), major(committed(amount_cents, days)), days, currency),
    ...billed.map((fees) => ofFees(fees, major(dec(fees.amount_cents)), currency)),
  ];
  return { units: [], ...explainAmount(parts, currency, null) };
}

function ofDays(
  whole: Dec,
  amount: Dec,
  { billed_days, period_days }: Omit<CommittedPeriod, "window">,
  currency: string,
): ExplainedPart {
  const money = currencyUnit(currency);
  const share = billed_days >= period_days ? `${period_days} days` : `${billed_days} of ${period_days} days`;
  return {
    ...{ kind: "minimum_commitment", tier: null, quantity: dec(billed_days), price: null, amount },
    text: `Committed for ${share} of ${inMoney(whole, money)} = ${inMoney(amount, money)}`,
  };
}

const NOUNS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  subscription: ["fee of the plan", "fees of the plan"],
  charge: ["fee of usage", "fees of usage"],
  fixed_charge: ["fee of fixed charges", "fees of fixed charges"],
};

function ofFees({ fee_type, count }: FeesOfType, amount: Dec, currency: string): ExplainedPart {
  const [one, many] = NOUNS[fee_type] ?? [`fee of the type ${fee_type}`, `fees of the type ${fee_type}`];
  return {
    ...{ kind: "counted_fees", tier: null, quantity: dec(count), price: null, amount: amount.neg() },
    text: `${counted(count, one, many)} billed for the period: −${inMoney(amount, currencyUnit(currency))}`,
  };
}
