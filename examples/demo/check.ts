/** Invoices against what was computed apart, and what they have in common with those of any other run. */
import { createHash } from "node:crypto";
import type { InvoiceObject } from "lago-javascript-client";
import type { Bill } from "./expected.ts";
import type { Usage } from "./stage.ts";
import { type MetricCode, metrics, PUBLISHED_SUMS } from "./tariff.ts";

export interface BilledLine {
  readonly units: string;
  readonly cents: bigint;
}

/** An invoice as the check reads it. */
export interface Billed {
  readonly customerId: string;
  readonly number: string;
  readonly totalCents: bigint;
  readonly lines: ReadonlyMap<string, BilledLine>;
}

export function readInvoice(invoice: InvoiceObject): Billed {
  const { fees = [] } = invoice as {
    fees?: { item: { type: string; code: string }; units: string; amount_cents: number }[];
  };
  return {
    customerId: invoice.customer?.external_id ?? "",
    number: invoice.number,
    totalCents: BigInt(invoice.total_amount_cents),
    lines: new Map(
      fees.map(({ item, units, amount_cents }) => [
        item.type === "subscription" ? "plan" : item.code,
        { units, cents: BigInt(amount_cents) },
      ]),
    ),
  };
}

/** "903241.0" → 903241n; what is no whole number stays a text and equals none. */
export function wholeUnits(units: string): bigint | string {
  return /^\d+(\.0+)?$/.test(units) ? BigInt(units.split(".")[0] ?? "") : units;
}

/** What was found beside what was expected; empty where all is as it must be. */
export function compare(bills: readonly Bill[], invoices: readonly Billed[]): string[] {
  const differences: string[] = [];
  const expect = (what: string, found: unknown, expected: unknown) => {
    if (found !== expected) differences.push(`${what}: expected ${expected}, found ${found}`);
  };
  expect("number of invoices", invoices.length, bills.length);
  for (const { customer, units, cents, totalCents } of bills) {
    const found = invoices.filter(({ customerId }) => customerId === customer.id);
    expect(`${customer.id}: number of invoices`, found.length, 1);
    const [invoice] = found;
    if (invoice === undefined) continue;
    expect(`${customer.id}: number of fees`, invoice.lines.size, Object.keys(cents).length);
    for (const [code, amount] of Object.entries(cents)) {
      const line = invoice.lines.get(code);
      expect(`${customer.id}: ${code}: amount in cents`, line?.cents, amount);
      const expectedUnits = code === "plan" ? 1n : units[code as MetricCode];
      expect(`${customer.id}: ${code}: units`, line && wholeUnits(line.units), expectedUnits);
    }
    expect(`${customer.id}: total in cents`, invoice.totalCents, totalCents);
  }
  for (const { code } of metrics)
    expect(`all invoices: units of ${code}`, unitsOf(invoices, code), PUBLISHED_SUMS[code]);
  return differences;
}

/** Current usage says beforehand what the invoice will say of the metrics. */
export function compareUsage(bills: readonly Bill[], usages: ReadonlyMap<string, Usage>): string[] {
  return bills.flatMap(({ customer, units, cents }) =>
    metrics.flatMap(({ code }) => {
      const charge = usages.get(customer.id)?.charges_usage.find((usage) => usage.billable_metric.code === code);
      const found = charge && `${wholeUnits(charge.units)} units, ${charge.amount_cents} cents`;
      const expected = `${units[code]} units, ${cents[code]} cents`;
      return found === expected
        ? []
        : [`${customer.id}: current usage of ${code}: expected ${expected}, found ${found}`];
    }),
  );
}

export function unitsOf(invoices: readonly Billed[], code: MetricCode): bigint {
  return invoices.reduce((sum, { lines }) => {
    const units = wholeUnits(lines.get(code)?.units ?? "0");
    return typeof units === "bigint" ? sum + units : sum;
  }, 0n);
}

/** The same in every run: of customers, units and amounts, not of ids, numbers and times. */
export function digestOf(invoices: readonly Billed[]): string {
  const lines = invoices.flatMap(({ customerId, totalCents, lines }) => [
    ...[...lines].map(([code, { units, cents }]) => `${customerId} ${code} ${wholeUnits(units)} ${cents}`),
    `${customerId} total ${totalCents}`,
  ]);
  return createHash("sha256").update(lines.sort().join("\n")).digest("hex").slice(0, 16);
}
