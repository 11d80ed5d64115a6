/**
 * What each customer must be billed, straight from the trace with integers only. Shares no code with Weir:
 * two computations that agree are worth more than one that is trusted.
 */
import { type Customer, customerOf, customers, type MetricCode, MONTH, tariff } from "./tariff.ts";
import type { TraceLine } from "./trace.ts";

export interface Bill {
  readonly customer: Customer;
  readonly units: Readonly<Record<MetricCode, bigint>>;
  /** Minor units, by metric, and of the plan itself. */
  readonly cents: Readonly<Record<MetricCode | "plan", bigint>>;
  readonly totalCents: bigint;
}

/** Prices are integers of 10^-12 major units here. */
const SCALE = 12;
const SCALED_PER_CENT = 10n ** BigInt(SCALE - 2);

function scaled(price: string): bigint {
  const [whole = "0", fraction = ""] = price.split(".");
  return BigInt(whole + fraction.padEnd(SCALE, "0"));
}

/** Half away from zero; prices are never negative. */
function toCents(amount: bigint): bigint {
  return (amount + SCALED_PER_CENT / 2n) / SCALED_PER_CENT;
}

function priceOfPromptTokens(units: bigint): bigint {
  let amount = 0n;
  let below = 0n;
  for (const { to_value, per_unit_amount, flat_amount } of tariff.promptTokens) {
    const top = to_value === null || units < BigInt(to_value) ? units : BigInt(to_value);
    amount += (top - below) * scaled(per_unit_amount) + scaled(flat_amount);
    if (top === units) return amount;
    below = top;
  }
  return amount;
}

function priceOfGeneratedTokens(units: bigint): bigint {
  const { amount, package_size, free_units } = tariff.generatedTokens;
  const paid = units - BigInt(free_units);
  if (paid <= 0n) return 0n;
  const size = BigInt(package_size);
  return ((paid + size - 1n) / size) * scaled(amount);
}

/** The month's first instant in a time zone, and the first one after it. */
export function localMonth(timezone: string): { from: Temporal.Instant; to: Temporal.Instant } {
  const first = MONTH.toPlainDate({ day: 1 });
  const startOf = (date: Temporal.PlainDate) => date.toZonedDateTime(timezone).startOfDay().toInstant();
  return { from: startOf(first), to: startOf(first.add({ months: 1 })) };
}

export function expectedBills(trace: readonly TraceLine[]): Bill[] {
  return customers.map((customer) => {
    const { from, to } = localMonth(customer.timezone);
    const lines = trace.filter(
      ({ no, at }) =>
        customerOf(no) === customer && Temporal.Instant.compare(at, from) >= 0 && Temporal.Instant.compare(at, to) < 0,
    );
    const units = {
      prompt_tokens: lines.reduce((sum, { promptTokens }) => sum + BigInt(promptTokens), 0n),
      generated_tokens: lines.reduce((sum, { generatedTokens }) => sum + BigInt(generatedTokens), 0n),
      requests: BigInt(lines.length),
    };
    const cents = {
      plan: BigInt(tariff.monthlyFeeCents),
      prompt_tokens: toCents(priceOfPromptTokens(units.prompt_tokens)),
      generated_tokens: toCents(priceOfGeneratedTokens(units.generated_tokens)),
      requests: toCents(units.requests * scaled(tariff.requests.amount)),
    };
    const totalCents = Object.values(cents).reduce((sum, amount) => sum + amount, 0n);
    return { customer, units, cents, totalCents };
  });
}
