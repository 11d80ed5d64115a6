import type { App } from "../../app.ts";
import { type Query, readOneOf } from "../../http/query.ts";
import { answers, Cents, t } from "../../http/schemas.ts";
import type { Server } from "../../http/server.ts";
import { type Problem, refuseIfAny } from "../../kernel/failure.ts";
import type { SubscriptionStatus } from "../../subscriptions/index.ts";
import { lifetimeUsage, type Named, setHistoricalUsage } from "./lifetime.ts";
import { LifetimeUsageAnswer, presentLifetimeUsage } from "./lifetime-present.ts";

const config = { resource: "lifetime_usage" };
const tags = ["subscriptions"];
const params = t.Object({ external_id: t.String() });
const querystring = t.Object({ status: t.Optional(t.String({ description: "active (default) or terminated" })) });
const STATUSES: readonly SubscriptionStatus[] = ["active", "pending", "terminated", "canceled", "incomplete"];

const HistoricalUsageBody = t.Object({
  lifetime_usage: t.Object({ external_historical_usage_amount_cents: Cents }),
});

function named(organizationId: string, external_id: string, query: unknown): Named {
  const problems: Problem[] = [];
  const status = readOneOf(query as Query, "status", STATUSES, problems);
  refuseIfAny(problems);
  return { organization_id: organizationId, external_id, status: status ?? "active" };
}

export function lifetimeUsageRoutes(server: Server, app: App): void {
  server.get(
    "/subscriptions/:external_id/lifetime_usage",
    {
      config,
      schema: {
        operationId: "getSubscriptionLifetimeUsage",
        tags,
        summary: "Retrieve what a subscription has used since it began",
        description: "What was before it came here, what is invoiced, and its current usage, without taxes.",
        params,
        querystring,
        response: answers(LifetimeUsageAnswer, 404, 422),
      },
    },
    async ({ organization, params: { external_id }, query, now }) =>
      presentLifetimeUsage(await lifetimeUsage(app, named(organization.id, external_id, query), now), now),
  );

  server.put(
    "/subscriptions/:external_id/lifetime_usage",
    {
      config,
      schema: {
        operationId: "updateSubscriptionLifetimeUsage",
        tags,
        summary: "Say what a subscription had used before it came here",
        params,
        querystring,
        body: HistoricalUsageBody,
        response: answers(LifetimeUsageAnswer, 400, 404, 422),
      },
    },
    async ({ organization, params: { external_id }, query, body, now }) => {
      const subscription = named(organization.id, external_id, query);
      const amount = BigInt(body.lifetime_usage.external_historical_usage_amount_cents);
      await setHistoricalUsage(app, subscription, amount, now);
      return presentLifetimeUsage(await lifetimeUsage(app, subscription, now), now);
    },
  );
}
