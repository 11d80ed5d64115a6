/** The parameters of usage analytics (G.3 of the platform spec). Pure. */
import { type Query, readFlag, readOneOf, readText } from "../../http/query.ts";
import { isCurrency } from "../../kernel/currency.ts";
import { type Problem, refuseIfAny } from "../../kernel/failure.ts";
import { GRANULARITIES, type Period, periodsBetween } from "./analytics-periods.ts";

export interface UsageAnalyticsQuery {
  readonly periods: readonly Period[];
  readonly currency: string | null;
  readonly customer_type: string | null;
  readonly external_customer_id: string | null;
  readonly customer_country: string | null;
  readonly external_subscription_id: string | null;
  readonly is_billable_metric_recurring: boolean | null;
  readonly plan_code: string | null;
  readonly billable_metric_code: string | null;
  readonly billing_entity_code: string | null;
}

/** More than a year of days. */
const PERIODS_MAX = 400;
const DEFAULT_DAYS = 30;

/** Without dates the last thirty days, by the day; in whole weeks, months or years as asked. Nothing lies beyond today. */
export function readUsageAnalyticsQuery(query: Query, today: Temporal.PlainDate): UsageAnalyticsQuery {
  const problems: Problem[] = [];
  const granularity = readOneOf(query, "time_granularity", GRANULARITIES, problems) ?? "daily";
  const asked = readDay(query, "to_date", problems);
  const to = asked === null || Temporal.PlainDate.compare(asked, today) > 0 ? today : asked;
  const from = readDay(query, "from_date", problems) ?? to.subtract({ days: DEFAULT_DAYS - 1 });
  const periods = periodsBetween(from, to, granularity, PERIODS_MAX);
  if (periods.length > PERIODS_MAX) problems.push({ field: "from_date", code: "value_is_out_of_range" });
  const currency = readText(query, "currency")?.toUpperCase() ?? null;
  if (currency !== null && !isCurrency(currency)) problems.push({ field: "currency", code: "value_is_invalid" });
  const is_billable_metric_recurring = readFlag(query, "is_billable_metric_recurring", problems);
  const customer_type = readOneOf(query, "customer_type", ["individual", "company"], problems);
  refuseIfAny(problems);
  return {
    periods,
    currency,
    customer_type,
    external_customer_id: readText(query, "external_customer_id"),
    customer_country: readText(query, "customer_country")?.toUpperCase() ?? null,
    external_subscription_id: readText(query, "external_subscription_id"),
    is_billable_metric_recurring,
    plan_code: readText(query, "plan_code"),
    billable_metric_code: readText(query, "billable_metric_code"),
    billing_entity_code: readText(query, "billing_entity_code"),
  };
}

function readDay(query: Query, name: string, problems: Problem[]): Temporal.PlainDate | null {
  const text = readText(query, name);
  if (text === null) return null;
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return Temporal.PlainDate.from(text, { overflow: "reject" });
  } catch {
    // As what is no date at all.
  }
  problems.push({ field: name, code: "invalid_date" });
  return null;
}
