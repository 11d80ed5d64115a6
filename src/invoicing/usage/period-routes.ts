/** The HTTP contract of usage beyond the current one: what it will come to, and what it was. */
import type { App } from "../../app.ts";
import { type Query, readFlag, readPage, readText } from "../../http/query.ts";
import { answers, PageQuery, t } from "../../http/schemas.ts";
import type { Server } from "../../http/server.ts";
import { invalid, type Problem, refuseIfAny } from "../../kernel/failure.ts";
import { type Page, pageMeta } from "../../kernel/pages.ts";
import { pastUsage } from "./past.ts";
import { PastUsageAnswer, presentPastPeriod } from "./past-present.ts";
import { projectedUsage } from "./projected.ts";
import { ProjectedUsageAnswer, presentProjectedUsage } from "./projected-present.ts";

const config = { resource: "customer_usage" };
const tags = ["customers"];
const params = t.Object({ external_customer_id: t.String() });
const external_subscription_id = t.Optional(t.String({ description: "Required." }));

export function periodUsageRoutes(server: Server, app: App): void {
  projectedUsageRoute(server, app);
  pastUsageRoute(server, app);
}

function projectedUsageRoute(server: Server, app: App): void {
  server.get(
    "/customers/:external_customer_id/projected_usage",
    {
      config,
      schema: {
        operationId: "findCustomerProjectedUsage",
        tags,
        summary: "Retrieve a customer's current usage, and what it will be at the end of the period",
        description:
          "Metered usage is taken to go on as in the days that have begun; recurring metrics stay as they are. The whole is projected with all filters and groups.",
        params,
        querystring: t.Object({
          external_subscription_id,
          apply_taxes: t.Optional(t.String({ description: "true or false" })),
        }),
        response: answers(ProjectedUsageAnswer, 404, 405, 422),
      },
    },
    async (request) => {
      const query = request.query as Query;
      const problems: Problem[] = [];
      readFlag(query, "apply_taxes", problems);
      refuseIfAny(problems);
      const wanted = {
        organization_id: request.organization.id,
        external_customer_id: request.params.external_customer_id,
        external_subscription_id: readText(query, "external_subscription_id"),
      };
      return presentProjectedUsage(await projectedUsage(app, wanted, request.now));
    },
  );
}

/** As many periods as were asked for, in place of a page's size. */
function readPeriods(query: Query): Page {
  const page = readPage(query);
  const text = readText(query, "periods_count");
  if (text === null) return page;
  if (!/^[1-9]\d{0,2}$|^1000$/.test(text)) throw invalid("periods_count", "value_is_invalid");
  return { ...page, perPage: Number(text) };
}

function pastUsageRoute(server: Server, app: App): void {
  server.get(
    "/customers/:external_customer_id/past_usage",
    {
      config,
      schema: {
        operationId: "findAllCustomerPastUsage",
        tags,
        summary: "Retrieve a customer's usage of the periods that were invoiced, the latest first",
        description: "As it was billed. Amounts of a period are those of its whole invoice.",
        params,
        querystring: t.Object({
          ...PageQuery,
          external_subscription_id,
          billable_metric_code: t.Optional(t.String({ description: "Only charges of this metric." })),
          periods_count: t.Optional(t.String({ description: "How many periods, in place of per_page." })),
        }),
        response: answers(PastUsageAnswer, 404, 422),
      },
    },
    async (request) => {
      const query = request.query as Query;
      const page = readPeriods(query);
      const filter = {
        organization_id: request.organization.id,
        external_customer_id: request.params.external_customer_id,
        external_subscription_id: readText(query, "external_subscription_id"),
        billable_metric_code: readText(query, "billable_metric_code"),
      };
      const { periods, total } = await pastUsage(app.db, filter, page);
      return { usage_periods: periods.map(presentPastPeriod), meta: pageMeta(page, total) };
    },
  );
}
