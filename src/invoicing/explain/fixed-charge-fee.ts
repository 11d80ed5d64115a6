/** Fees of fixed charges explained: units, the share of the period that they count for, their price, what was paid before. Pure. */
import { type Dec, round } from "../../kernel/decimal.ts";
import { inMajorUnits, inMinorUnits } from "../../kernel/money.ts";
import { explainPrice } from "../../rating/index.ts";
import { fixedChargePrice, ratedUnits } from "../rules/fixed-charge-fees.ts";
import { explainAmount } from "./amounts.ts";
import type { FeeFacts } from "./facts.ts";
import type { AmountExplanation, ExplainedPart, UnitsStep } from "./model.ts";
import { counted, currencyUnit, inMoney, inWords } from "./words.ts";

/** Decimals of the column precise_amount_cents. */
const PRECISE_PLACES = 15;

/** Null where the version that priced it does not know the charge. */
export function explainFixedChargeFee({ fee, version }: Pick<FeeFacts, "fee" | "version">): AmountExplanation | null {
  const charge = version.fixed_charges.find(({ id }) => id === fee.fixed_charge_id);
  if (charge === undefined) return null;
  const { amount_currency: currency, units: full_units, total_aggregated_units: units } = fee;
  const money = currencyUnit(currency);
  const rated = ratedUnits(charge.charge_model, charge.prorated, { units, full_units });
  const parts: ExplainedPart[] = explainPrice(charge.charge_model, charge.properties, rated).map((part) =>
    inWords(part, money),
  );
  const { amount } = fixedChargePrice(charge, { units, full_units });
  const { precise_amount_cents } = inMinorUnits(amount, currency);
  const paid = round(precise_amount_cents, PRECISE_PLACES).minus(fee.precise_amount_cents);
  if (paid.gt(0)) parts.push(paidBefore(inMajorUnits(paid, currency), currency));
  return { units: unitsSteps(full_units, units), ...explainAmount(parts, currency, null) };
}

function unitsSteps(full: Dec, prorated: Dec): UnitsStep[] {
  const steps: UnitsStep[] = [{ step: "counted", units: full, text: `Units: ${counted(full, "unit")}` }];
  if (full.eq(prorated)) return steps;
  const text = `Prorated, each for its days of the period: ${counted(prorated, "unit")}`;
  return [...steps, { step: "prorated", units: prorated, text }];
}

function paidBefore(paid: Dec, currency: string): ExplainedPart {
  return {
    ...{ kind: "paid_before", tier: null, quantity: null, price: null, amount: paid.neg() },
    text: `Paid before the change of plan: −${inMoney(paid, currencyUnit(currency))}`,
  };
}
