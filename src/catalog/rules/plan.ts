/** A plan's own terms: what may be stored, and what still changes once a subscription was on it (10.1, 10.2 of the metering spec). */
import { isCurrency } from "../../kernel/currency.ts";
import { type Dec, dec, parseDecimal, round } from "../../kernel/decimal.ts";
import type { Problem } from "../../kernel/failure.ts";
import { NAME_LENGTH_MAX, storableTextOrNull } from "../../kernel/text.ts";
import type { Interval, Plan } from "../model.ts";

export const INTERVALS = [
  "weekly",
  "monthly",
  "quarterly",
  "semiannual",
  "yearly",
] as const satisfies readonly Interval[];

/** What a request says of a plan itself: absent keys are undefined. */
export interface PlanInput {
  readonly name?: string | null;
  readonly invoice_display_name?: string | null;
  readonly code?: string | null;
  readonly description?: string | null;
  readonly interval?: string | null;
  readonly amount_cents?: bigint | null;
  readonly amount_currency?: string | null;
  readonly pay_in_advance?: boolean | null;
  readonly trial_period?: number | string | null;
  readonly bill_charges_monthly?: boolean | null;
  readonly bill_fixed_charges_monthly?: boolean | null;
}

export interface PlanTerms {
  readonly name: string;
  readonly invoice_display_name: string | null;
  readonly code: string;
  readonly description: string | null;
  readonly interval: Interval;
  readonly amount_cents: bigint;
  readonly amount_currency: string;
  readonly pay_in_advance: boolean;
  /** Days. */
  readonly trial_period: Dec | null;
  /** Null for intervals that are no longer than what is billed monthly anyway. */
  readonly bill_charges_monthly: boolean | null;
  readonly bill_fixed_charges_monthly: boolean | null;
}

export interface PlanReading {
  readonly terms: PlanTerms;
  readonly problems: readonly Problem[];
}

/** The terms of a plan that is there. */
export function termsOf(plan: Plan): PlanTerms {
  const { name, invoice_display_name, code, description, interval, amount_cents, amount_currency, pay_in_advance } =
    plan;
  return {
    ...{ name, invoice_display_name, code, description, interval, amount_cents, amount_currency, pay_in_advance },
    trial_period: plan.trial_period === null ? null : dec(plan.trial_period),
    bill_charges_monthly: isLong(interval) ? plan.bill_charges_monthly : null,
    bill_fixed_charges_monthly: isLong(interval) ? plan.bill_fixed_charges_monthly : null,
  };
}

/** Whether a period is longer than a quarter: only then may usage be billed monthly. */
export function isLong(interval: Interval): boolean {
  return interval === "yearly" || interval === "semiannual";
}

const NEW_PLAN: PlanTerms = {
  name: "",
  invoice_display_name: null,
  code: "",
  description: null,
  interval: "monthly",
  amount_cents: 0n,
  amount_currency: "",
  pay_in_advance: false,
  trial_period: null,
  bill_charges_monthly: null,
  bill_fixed_charges_monthly: null,
};

/** A century. */
const TRIAL_DAYS_MAX = 36_525;
/** With the digits of a century's days still exact as a JSON number. */
const TRIAL_DECIMALS_MAX = 9;
/** Amounts of a bigint column that still add up. */
const AMOUNT_CENTS_MAX = 1_000_000_000_000_000n;

export function readNewPlan(input: PlanInput): PlanReading {
  const { interval = null, amount_cents = null, amount_currency = null, pay_in_advance = null } = input;
  return readPlan({ ...input, interval, amount_cents, amount_currency, pay_in_advance }, NEW_PLAN);
}

/** `isAttached`: a subscription was ever on it; then names, description and amount still change, the rest is ignored. */
export function readChangedPlan(input: PlanInput, before: PlanTerms, isAttached: boolean): PlanReading {
  if (!isAttached) return readPlan(input, before);
  const { name, invoice_display_name, description, amount_cents } = input;
  const changes = { name, invoice_display_name, description, amount_cents };
  const present = Object.entries(changes).filter(([, value]) => value !== undefined);
  return readPlan(Object.fromEntries(present), before);
}

type Refuse = (field: string, code: string) => void;

function readPlan(input: PlanInput, before: PlanTerms): PlanReading {
  const problems: Problem[] = [];
  const refuse: Refuse = (field, code) => problems.push({ field, code });
  const text = (given: string | null | undefined, known: string | null) =>
    given === undefined ? known : storableTextOrNull(given);
  const name = text(input.name, before.name) ?? "";
  const code = text(input.code, before.code) ?? "";
  for (const [field, value] of [
    ["name", name],
    ["code", code],
  ] as const) {
    if (value === "") refuse(field, "value_is_mandatory");
    else if (value.length > NAME_LENGTH_MAX) refuse(field, "value_is_too_long");
  }
  const interval = readInterval(input, before, refuse);
  const monthly = (given: boolean | null | undefined, known: boolean | null) =>
    isLong(interval) ? ((given === undefined ? known : given) ?? false) : null;
  const terms: PlanTerms = {
    name,
    code,
    interval,
    invoice_display_name: text(input.invoice_display_name, before.invoice_display_name),
    description: text(input.description, before.description),
    ...readPrice(input, before, refuse),
    trial_period: readTrial(input, before, refuse),
    bill_charges_monthly: monthly(input.bill_charges_monthly, before.bill_charges_monthly),
    bill_fixed_charges_monthly: monthly(input.bill_fixed_charges_monthly, before.bill_fixed_charges_monthly),
  };
  return { terms, problems };
}

function readInterval(input: PlanInput, before: PlanTerms, refuse: Refuse): Interval {
  if (input.interval === undefined) return before.interval;
  const interval = INTERVALS.find((known) => known === input.interval);
  if (interval === undefined) refuse("interval", "value_is_invalid");
  return interval ?? before.interval;
}

function readPrice(input: PlanInput, before: PlanTerms, refuse: Refuse) {
  const { amount_cents = before.amount_cents, amount_currency = before.amount_currency } = input;
  const { pay_in_advance = before.pay_in_advance } = input;
  if (amount_cents === null) refuse("amount_cents", "value_is_mandatory");
  else if (amount_cents < 0n || amount_cents > AMOUNT_CENTS_MAX) refuse("amount_cents", "value_is_out_of_range");
  if (amount_currency === null || !isCurrency(amount_currency)) refuse("amount_currency", "value_is_invalid");
  if (pay_in_advance === null) refuse("pay_in_advance", "value_is_invalid");
  return {
    amount_cents: amount_cents ?? 0n,
    amount_currency: amount_currency ?? "",
    pay_in_advance: pay_in_advance ?? false,
  };
}

function readTrial(input: PlanInput, before: PlanTerms, refuse: Refuse): Dec | null {
  const { trial_period } = input;
  if (trial_period === undefined) return before.trial_period;
  if (trial_period === null) return null;
  const days = parseDecimal(trial_period);
  if (days === null || !days.eq(round(days, TRIAL_DECIMALS_MAX))) refuse("trial_period", "value_is_invalid");
  else if (days.lt(0) || days.gt(TRIAL_DAYS_MAX)) refuse("trial_period", "value_is_out_of_range");
  return days;
}
