/** The HTTP contract of billable metrics. */
import type { Static } from "typebox";
import type { App } from "../app.ts";
import { readPage } from "../http/query.ts";
import { answers, asFlag, PageQuery, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { pageMeta } from "../kernel/pages.ts";
import { changeMetric, createMetric, getMetric, removeMetric } from "./metrics-service.ts";
import { listMetrics } from "./metrics-store.ts";
import { presentMetric } from "./present.ts";
import type { MetricInput } from "./rules/metric.ts";
import { CodeParams, ManyMetrics, MetricBody, OneMetric } from "./schemas.ts";

const config = { resource: "billable_metric" };
const tags = ["billable_metrics"];

function inputOf({ billable_metric }: Static<typeof MetricBody>): MetricInput {
  const { recurring, ...rest } = billable_metric;
  return { ...rest, ...(recurring === undefined ? {} : { recurring: recurring === null ? null : asFlag(recurring) }) };
}

export function metricRoutes(server: Server, app: App): void {
  metricReading(server, app);
  metricWriting(server, app);
}

function metricReading(server: Server, app: App): void {
  server.get(
    "/billable_metrics",
    {
      config,
      schema: {
        operationId: "findAllBillableMetrics",
        tags,
        summary: "List all billable metrics",
        querystring: t.Object(PageQuery),
        response: answers(ManyMetrics, 422),
      },
    },
    async ({ organization, query }) => {
      const page = readPage(query);
      const { metrics, count } = await listMetrics(app.db, organization.id, page);
      return { billable_metrics: metrics.map(presentMetric), meta: pageMeta(page, count) };
    },
  );

  server.get(
    "/billable_metrics/:code",
    {
      config,
      schema: {
        operationId: "findBillableMetric",
        tags,
        summary: "Retrieve a billable metric",
        params: CodeParams,
        response: answers(OneMetric, 404),
      },
    },
    async ({ organization, params }) => ({
      billable_metric: presentMetric(await getMetric(app.db, organization.id, params.code)),
    }),
  );
}

function metricWriting(server: Server, app: App): void {
  server.post(
    "/billable_metrics",
    {
      config,
      schema: {
        operationId: "createBillableMetric",
        tags,
        summary: "Create a billable metric",
        body: MetricBody,
        response: answers(OneMetric, 400, 422),
      },
    },
    async ({ organization, body, now }) => ({
      billable_metric: presentMetric(await createMetric(app, organization, inputOf(body), now)),
    }),
  );

  server.put(
    "/billable_metrics/:code",
    {
      config,
      schema: {
        operationId: "updateBillableMetric",
        tags,
        summary: "Update a billable metric",
        description:
          "Once a plan's charge uses the metric, only name, description and filters change; the rest is ignored.",
        params: CodeParams,
        body: MetricBody,
        response: answers(OneMetric, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => ({
      billable_metric: presentMetric(await changeMetric(app, organization, params.code, inputOf(body), now)),
    }),
  );

  server.delete(
    "/billable_metrics/:code",
    {
      config,
      schema: {
        operationId: "destroyBillableMetric",
        tags,
        summary: "Delete a billable metric",
        description: "Charges that use the metric go with it.",
        params: CodeParams,
        response: answers(OneMetric, 404),
      },
    },
    async ({ organization, params, now }) => ({
      billable_metric: presentMetric(await removeMetric(app, organization, params.code, now)),
    }),
  );
}
