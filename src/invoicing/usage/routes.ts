import type { App } from "../../app.ts";
import type { Query } from "../../http/query.ts";
import { answers, t } from "../../http/schemas.ts";
import type { Server } from "../../http/server.ts";
import { currentUsage } from "./current-usage.ts";
import { readCurrentUsageQuery } from "./current-usage-query.ts";
import { CurrentUsageAnswer, presentCurrentUsage } from "./present.ts";

const FlagText = t.Optional(t.String({ description: "true or false" }));

const CurrentUsageParameters = t.Object({
  external_subscription_id: t.Optional(t.String({ description: "An active subscription of the customer; required." })),
  apply_taxes: FlagText,
  charge_id: t.Optional(t.String({ description: "Only this charge." })),
  charge_code: t.Optional(t.String({ description: "Only the charge of this code." })),
  billable_metric_code: t.Optional(t.String({ description: "Only charges of this metric." })),
  filter_by_charge_id: t.Optional(t.String({ deprecated: true })),
  filter_by_charge_code: t.Optional(t.String({ deprecated: true })),
  filter_by_metric_code: t.Optional(t.String({ deprecated: true })),
  group: t.Optional(
    t.String({ description: 'Only events with these properties: group[key]=value, or JSON like {"key": "value"}.' }),
  ),
  filter_by_group: t.Optional(t.String({ deprecated: true })),
  filter_by_presentation: t.Optional(
    t.String({ description: "A JSON array of the presentation keys to break units down by; [] for none." }),
  ),
  skip_grouping: FlagText,
  full_usage: t.Optional(
    t.String({ description: "true: from the subscription's start. Needs a restriction to charges or groups." }),
  ),
});

export function usageRoutes(server: Server, app: App): void {
  server.get<{ Params: { external_customer_id: string } }>(
    "/customers/:external_customer_id/current_usage",
    {
      config: { resource: "customer_usage" },
      schema: {
        operationId: "findCustomerCurrentUsage",
        tags: ["customers"],
        summary: "Retrieve a customer's current usage",
        description:
          "Usage of the open period up to its end, priced as it will be billed. Charges without usage are shown.",
        params: t.Object({ external_customer_id: t.String() }),
        querystring: CurrentUsageParameters,
        response: answers(CurrentUsageAnswer, 403, 404, 405, 422),
      },
    },
    async (request) => {
      const usage = await currentUsage(
        app,
        {
          ...readCurrentUsageQuery(request.query as Query),
          organization_id: request.organization.id,
          external_customer_id: request.params.external_customer_id,
        },
        request.now,
      );
      return presentCurrentUsage(usage);
    },
  );
}
