/** From the sum of the parts to a fee's amount (8.2 and 12.2 of the metering spec). Pure. */
import type { AppliedPricingUnit } from "../../catalog/index.ts";
import { exponentOf } from "../../kernel/currency.ts";
import { type Dec, dec, round, sum, toCents, ZERO } from "../../kernel/decimal.ts";
import { subunitsOf } from "../../kernel/money.ts";
import type { AmountExplanation, AmountStep, ExplainedPart } from "./model.ts";
import { currencyUnit, inMoney, type MoneyUnit, plain } from "./words.ts";

/** Credits have two decimals. */
const UNIT_PLACES = 2;

export const creditsUnit = ({ short_name }: Pick<AppliedPricingUnit, "short_name">): MoneyUnit => ({
  name: short_name,
  places: UNIT_PLACES,
});

/** What the parts are written in. */
export const moneyOf = (currency: string, applied: AppliedPricingUnit | null): MoneyUnit =>
  applied === null ? currencyUnit(currency) : creditsUnit(applied);

export function explainAmount(
  parts: readonly ExplainedPart[],
  currency: string,
  applied: AppliedPricingUnit | null,
  { isNothing = false } = {},
): Omit<AmountExplanation, "units"> {
  const money = moneyOf(currency, applied);
  const steps: AmountStep[] = [];
  const total = sum(parts.map(({ amount }) => amount));
  let amount = total;
  steps.push(step("sum", amount, money, ZERO, `Together ${inMoney(amount, money)}`));
  if (isNothing || amount.lt(0)) {
    steps.push(step("not_below_zero", ZERO, money, amount.neg(), "Less than nothing is not charged"));
    amount = ZERO;
  }
  if (applied !== null) {
    const credits = round(amount, UNIT_PLACES);
    steps.push(rounded(credits, amount, money));
    amount = credits.times(applied.conversion_rate);
    const rate = `1 ${money.name} = ${plain(applied.conversion_rate)} ${currency}`;
    const text = `${rate}: ${inMoney(amount, currencyUnit(currency))}`;
    steps.push(step("converted", amount, currencyUnit(currency), ZERO, text));
  }
  const final = round(amount, exponentOf(currency));
  steps.push(rounded(final, amount, currencyUnit(currency)));
  return { parts, amounts: steps, amount_cents: toCents(final.times(subunitsOf(currency))) };
}

function rounded(after: Dec, before: Dec, money: MoneyUnit): AmountStep {
  const difference = after.minus(before);
  const change = difference.eq(0) ? "nothing to round" : `rounding ${difference.gt(0) ? "+" : ""}${plain(difference)}`;
  return step("rounded", after, money, difference, `${inMoney(after, money)} (${change})`);
}

function step(
  name: AmountStep["step"],
  amount: Dec,
  { name: unit }: MoneyUnit,
  difference: Dec,
  text: string,
): AmountStep {
  return { step: name, amount, unit, difference, text };
}

/** An amount whose making cannot be told any more, in minor units. */
export function asBilled(
  precise_amount_cents: Dec,
  amount_cents: bigint,
  currency: string,
): Omit<AmountExplanation, "units"> {
  const amount = precise_amount_cents.div(subunitsOf(currency));
  const part: ExplainedPart = {
    kind: "as_billed",
    tier: null,
    quantity: null,
    price: null,
    amount,
    text: `As billed: ${inMoney(amount, currencyUnit(currency))}`,
  };
  const explained = explainAmount([part], currency, null);
  // What was rounded before it was converted has another amount than its own unrounded one.
  if (explained.amount_cents === amount_cents) return explained;
  const shown = dec(amount_cents).div(subunitsOf(currency));
  return explainAmount(
    [{ ...part, amount: shown, text: `As billed: ${inMoney(shown, currencyUnit(currency))}` }],
    currency,
    null,
  );
}
