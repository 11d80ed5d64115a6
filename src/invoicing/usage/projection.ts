/** From what was used so far to what a period will come to if it goes on like this (9.2 of the metering spec). Pure. */
import type { Charge, ChargeBucket, ChargeModel } from "../../catalog/index.ts";
import { dayNumberOf, earlier, localDate } from "../../kernel/calendar.ts";
import { type Dec, max, round, ZERO } from "../../kernel/decimal.ts";
import { price, type RatedUsage } from "../../rating/index.ts";
import type { Window } from "../../subscriptions/index.ts";
import { feeAmounts } from "../rules/fee-amounts.ts";
import type { GroupedUsage, PresentationBreakdown, UsageFeeDraft } from "./model.ts";
import { ratedUsage, usageFee } from "./usage-fees.ts";

/** Local days of a window that have begun, and all of them: 10 of 30 on the tenth. */
export interface Elapsed {
  readonly days: number;
  readonly of: number;
}

export interface Projection {
  readonly units: Dec;
  readonly amount_cents: bigint;
  /** Cents of a credit; null where the charge is priced in money. */
  readonly pricing_unit_cents: bigint | null;
  readonly breakdowns: readonly PresentationBreakdown[];
}

/** Whole days in the customer's zone, at least one; all of them once the end is reached. */
export function elapsedDays({ from, to }: Window, now: Temporal.Instant, timezone: string): Elapsed {
  const dayOf = (at: Temporal.Instant) => dayNumberOf(localDate(at, timezone));
  const last = to.subtract({ nanoseconds: 1 });
  const first = dayOf(from);
  return { days: Math.max(dayOf(earlier(now, last)) - first + 1, 1), of: dayOf(last) - first + 1 };
}

/** Prices that follow from the units alone; of the others the amount itself grows with time. */
const PRICED_BY_UNITS: ReadonlySet<ChargeModel> = new Set(["standard", "graduated", "package", "volume"]);

const UNIT_PLACES = 2;

const grown = (value: Dec, { days, of }: Elapsed): Dec => value.times(of).div(days);
const grownUnits = (units: Dec, elapsed: Elapsed): Dec => round(grown(units, elapsed), UNIT_PLACES);

/** What is carried over (recurring metrics) does not grow: its projection is what it is now. */
export function asItIs({ units, amount_cents, pricing_unit, breakdowns }: UsageFeeDraft): Projection {
  return { units, amount_cents, pricing_unit_cents: pricing_unit?.amount_cents ?? null, breakdowns };
}

/** Of one group of a metered charge: 50 units on day 10 of 30 will be 150. */
export function projected(
  charge: Charge,
  bucket: ChargeBucket,
  read: GroupedUsage,
  elapsed: Elapsed,
  currency: string,
): Projection {
  const used = counted(charge, read);
  const units = grownUnits(usageFee(charge, bucket, used, currency).units, elapsed);
  const amount = PRICED_BY_UNITS.has(charge.charge_model)
    ? amountOfUnits(charge, bucket, units)
    : grown(max(amountNow(charge, bucket, used, currency), ZERO), elapsed);
  const { amount_cents, pricing_unit } = feeAmounts(
    { amount: max(amount, ZERO), unit_amount: ZERO },
    currency,
    charge.applied_pricing_unit,
  );
  return {
    units,
    amount_cents,
    pricing_unit_cents: pricing_unit?.amount_cents ?? null,
    breakdowns: used.breakdowns.map((one) => ({ ...one, units: grownUnits(one.units, elapsed) })),
  };
}

/** What a charge in advance has billed so far says nothing about what is to come: its units are those that were counted. */
function counted({ pay_in_advance }: Charge, used: GroupedUsage): GroupedUsage {
  const { full_units } = used.usage;
  if (!pay_in_advance || full_units === null) return used;
  return { ...used, usage: { ...used.usage, units: full_units, full_units: null } };
}

function amountNow(charge: Charge, { properties }: ChargeBucket, used: GroupedUsage, currency: string): Dec {
  return price(charge.charge_model, properties, ratedUsage(charge, used, currency)).amount;
}

/** Nothing used, nothing projected: not even the flat fee that no usage would be billed. */
function amountOfUnits({ charge_model }: Charge, { properties }: ChargeBucket, units: Dec): Dec {
  if (units.eq(0)) return ZERO;
  const usage: RatedUsage = { units, full_units: null, events_count: 0, series: null, pairs: null, amount: ZERO };
  return price(charge_model, properties, usage).amount;
}
