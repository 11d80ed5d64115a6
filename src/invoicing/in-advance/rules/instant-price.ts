/** What an event costs by itself, whatever came before it (3.8 of the metering spec): without allowances, tiers or high-water marks. Pure. */
import type { Charge, ChargeBucket } from "../../../catalog/index.ts";
import { type Dec, dec, max, ZERO } from "../../../kernel/decimal.ts";
import { numberIn } from "../../../metering/index.ts";
import { parseProperties, roundUnits } from "../../../rating/index.ts";

export const isInstant = ({ pay_in_advance, charge_model }: Charge): boolean =>
  pay_in_advance && (charge_model === "standard" || charge_model === "percentage");

export interface InstantPrice {
  readonly units: Dec;
  /** Major units, unrounded. */
  readonly amount: Dec;
}

const ONE = dec(1);
const PERCENT = dec("0.01");

/** Below zero nothing is due. */
export function instantPrice(
  charge: Charge,
  bucket: ChargeBucket,
  properties: Readonly<Record<string, unknown>>,
): InstantPrice {
  const { field_name } = charge.billable_metric;
  const value = field_name === null ? ONE : (numberIn(properties, field_name) ?? ZERO);
  const units = roundUnits(value, charge.billable_metric);
  if (units.lt(0)) return { units: ZERO, amount: ZERO };
  return { units, amount: amountOf(charge, bucket, units) };
}

function amountOf({ charge_model }: Charge, { properties }: ChargeBucket, units: Dec): Dec {
  if (charge_model === "standard") return units.times(parseProperties("standard", properties).amount);
  const { rate, fixed_amount, transaction_min, transaction_max } = parseProperties("percentage", properties);
  const amount = units.times(rate).times(PERCENT).plus(fixed_amount);
  const bounded = transaction_min === null ? amount : max(amount, transaction_min);
  return transaction_max !== null && bounded.gt(transaction_max) ? transaction_max : bounded;
}
