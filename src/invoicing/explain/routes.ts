/** The HTTP contract of explanations. */
import type { App } from "../../app.ts";
import { type Query, readPage } from "../../http/query.ts";
import { answers, PageQuery, t } from "../../http/schemas.ts";
import type { Server } from "../../http/server.ts";
import { explainCurrentLine } from "./current-line.ts";
import { explainFee } from "./fee.ts";
import { FeeExplanationAnswer, presentExplanation, presentFeeExplanation, UsageExplanationAnswer } from "./present.ts";
import { readLineQuery } from "./query.ts";

const Text = (description: string) => t.Optional(t.String({ description }));

export function explanationRoutes(server: Server, app: App): void {
  server.get(
    "/fees/:lago_id/explanation",
    {
      config: { resource: "fee" },
      schema: {
        operationId: "explainFee",
        tags: ["fees"],
        summary: "Explain a fee: events, units, prices, rounding",
        description:
          "What was counted, what it cost, and how it was rounded, to the last decimal: the parts add up to the fee. page and per_page page through its events, or through the fees that count towards a minimum commitment.",
        params: t.Object({ lago_id: t.String() }),
        querystring: t.Object(PageQuery),
        response: answers(FeeExplanationAnswer, 404, 422),
      },
    },
    async ({ organization, params, query }) => {
      const page = readPage(query);
      return presentFeeExplanation(await explainFee(app, organization.id, params.lago_id, page), page);
    },
  );

  server.get(
    "/customers/:external_customer_id/current_usage/explanation",
    {
      config: { resource: "customer_usage" },
      schema: {
        operationId: "explainCurrentUsage",
        tags: ["customers"],
        summary: "Explain a line of current usage: events, units, prices, rounding",
        description: "One charge; of a charge with filters one of them, or what is left; of a grouped one a group.",
        params: t.Object({ external_customer_id: t.String() }),
        querystring: t.Object({
          ...PageQuery,
          external_subscription_id: Text("An active subscription of the customer; required."),
          charge_id: Text("The charge."),
          charge_code: Text("The charge, by its code; one of the two is required."),
          billable_metric_code: Text("The charge, where the plan has one of this metric."),
          filter: Text(
            'As usage shows it: filter[key]=value, or JSON like {"region": ["eu"]}. None: what no filter takes.',
          ),
          group: Text('As usage shows it: group[key]=value, or JSON like {"user": "a"}.'),
        }),
        response: answers(UsageExplanationAnswer, 404, 405, 422),
      },
    },
    async ({ organization, params, query, now }) => {
      const page = readPage(query);
      const request = {
        ...readLineQuery(query as Query),
        organization_id: organization.id,
        external_customer_id: params.external_customer_id,
      };
      return presentExplanation(await explainCurrentLine(app, request, page, now), page);
    },
  );
}
