import type { App } from "../../app.ts";
import type { Query } from "../../http/query.ts";
import { answers, Day, DecimalText, t, Uuid } from "../../http/schemas.ts";
import type { Server } from "../../http/server.ts";
import { localDate } from "../../kernel/calendar.ts";
import { toWire } from "../../kernel/decimal.ts";
import { usageAnalytics } from "./analytics.ts";
import { readUsageAnalyticsQuery } from "./analytics-query.ts";
import type { UsageOfPeriod } from "./analytics-totals.ts";

const Text = (description: string) => t.Optional(t.String({ description }));

const Filters = t.Object({
  time_granularity: Text("daily (default), weekly, monthly or yearly"),
  currency: Text("ISO 4217"),
  from_date: Text("Default: thirty days up to to_date. Periods are shown whole."),
  to_date: Text("Default, and latest: today."),
  customer_type: Text("individual or company"),
  external_customer_id: Text("Only this customer's usage."),
  customer_country: Text("Only customers of this country."),
  external_subscription_id: Text("Only this subscription's usage."),
  is_billable_metric_recurring: Text("true or false"),
  plan_code: Text("Only subscriptions of this plan."),
  billable_metric_code: Text("Only this metric."),
  billing_entity_code: Text("Only what this billing entity bills."),
});

const UsageAnalyticsAnswer = t.Object({
  usages: t.Array(
    t.Object({
      organization_id: Uuid,
      start_of_period_dt: Day,
      end_of_period_dt: Day,
      billable_metric_code: t.String(),
      units: DecimalText,
      amount_cents: t.Integer(),
      amount_currency: t.String(),
      is_billable_metric_deleted: t.Boolean(),
    }),
  ),
});

const presentUsage = (organization_id: string, row: UsageOfPeriod) => ({
  organization_id,
  start_of_period_dt: row.period.first.toString(),
  end_of_period_dt: row.period.last.toString(),
  billable_metric_code: row.metric.code,
  units: toWire(row.units),
  amount_cents: row.amount_cents,
  amount_currency: row.currency,
  is_billable_metric_deleted: row.metric.is_deleted,
});

export function usageAnalyticsRoutes(server: Server, app: App): void {
  server.get(
    "/analytics/usage",
    {
      config: { resource: "analytic" },
      schema: {
        operationId: "findAllUsages",
        tags: ["analytics"],
        summary: "List usage by metric and day, week, month or year",
        description:
          "From the events themselves, by the customers' local days, at the prices that billed it (or will). Charges in advance: what they charged, on the day on which they did. What came to nothing is left out.",
        querystring: Filters,
        response: answers(UsageAnalyticsAnswer, 422),
      },
    },
    async ({ organization, query, now }) => {
      const asked = readUsageAnalyticsQuery(query as Query, localDate(now, "UTC"));
      const usages = await usageAnalytics(app, organization.id, asked, now);
      return { usages: usages.map((row) => presentUsage(organization.id, row)) };
    },
  );
}
