/** What is sold in the demo, and to whom. */

export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly timezone: Timezone;
}

type Timezone = (typeof ZONES)[number];

/** West to east: from −11:00 to +13:45, with quarter and half hours and a zone that leaves daylight saving in November. */
const ZONES = [
  "Pacific/Pago_Pago",
  "Pacific/Honolulu",
  "America/Los_Angeles",
  "America/New_York",
  "America/St_Johns",
  "America/Sao_Paulo",
  "UTC",
  "Europe/London",
  "Europe/Berlin",
  "Africa/Nairobi",
  "Asia/Tehran",
  "Asia/Kabul",
  "Asia/Karachi",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Asia/Tokyo",
  "Australia/Darwin",
  "Australia/Adelaide",
  "Pacific/Apia",
  "Pacific/Chatham",
] as const;

export const customers: readonly Customer[] = ZONES.map((timezone, index) => ({
  id: `customer-${String(index + 1).padStart(2, "0")}`,
  name: (timezone.split("/").at(-1) ?? timezone).replace("_", " "),
  timezone,
}));

/** The fixed rule that spreads the trace: its line number modulo the number of customers. */
export function customerOf(lineNo: number): Customer {
  return customers[lineNo % customers.length] as Customer;
}

export const CURRENCY = "USD";

/** The month that is billed, in each customer's own time zone. */
export const MONTH = Temporal.PlainYearMonth.from("2023-11");

/** Prices in major units, as texts: a decimal fraction is no binary one. */
export const tariff = {
  code: "inference",
  name: "Inference",
  monthlyFeeCents: 4900,
  promptTokens: [
    { from_value: 0, to_value: 300_000, per_unit_amount: "0.00003", flat_amount: "0" },
    { from_value: 300_001, to_value: 700_000, per_unit_amount: "0.000025", flat_amount: "0.50" },
    { from_value: 700_001, to_value: null, per_unit_amount: "0.00002", flat_amount: "0.25" },
  ],
  generatedTokens: { amount: "0.60", package_size: 1000, free_units: 5000 },
  requests: { amount: "0.0125" },
} as const;

/** A metric's code is the code of the events that it counts. */
export const metrics = [
  { code: "prompt_tokens", name: "Prompt tokens", aggregation_type: "sum_agg", field_name: "tokens" },
  { code: "generated_tokens", name: "Generated tokens", aggregation_type: "sum_agg", field_name: "tokens" },
  { code: "requests", name: "Requests", aggregation_type: "count_agg", field_name: null },
] as const;

export type MetricCode = (typeof metrics)[number]["code"];

/** What the publishers of the trace say is in it. */
export const PUBLISHED_SUMS: Readonly<Record<MetricCode, bigint>> = {
  prompt_tokens: 18_059_974n,
  generated_tokens: 245_896n,
  requests: 8_819n,
};
