/** The HTTP contract of scheduled changes. */
import type { App } from "../../app.ts";
import { readPage } from "../../http/query.ts";
import { answers, PageQuery, t } from "../../http/schemas.ts";
import type { Server } from "../../http/server.ts";
import { pageMeta } from "../../kernel/pages.ts";
import { ExternalIdParams } from "../schemas.ts";
import { presentScheduled } from "./present.ts";
import { CreateBody, ManyScheduled, OneScheduled, ScheduledParams } from "./schemas.ts";
import { cancelScheduled, scheduleChange, scheduledChanges } from "./service.ts";

const config = { resource: "subscription" };
const tags = ["subscriptions"];

export function scheduledChangeRoutes(server: Server, app: App): void {
  server.post(
    "/subscriptions/:external_id/scheduled_changes",
    {
      config,
      schema: {
        operationId: "scheduleSubscriptionChange",
        tags,
        summary: "Put a change on a subscription in advance",
        description:
          "A change of plan (`plan_code`), of prices or units (`plan_overrides`), or of both, done on the local day of `scheduled_at` as if it was asked for then.",
        params: ExternalIdParams,
        body: CreateBody,
        response: answers(OneScheduled, 400, 403, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => {
      const change = await scheduleChange(app, organization, params.external_id, body, now);
      return { scheduled_change: presentScheduled(change) };
    },
  );

  server.get(
    "/subscriptions/:external_id/scheduled_changes",
    {
      config,
      schema: {
        operationId: "findAllScheduledSubscriptionChanges",
        tags,
        summary: "List a subscription's scheduled changes, the earliest first",
        params: ExternalIdParams,
        querystring: t.Object(PageQuery),
        response: answers(ManyScheduled, 403, 404, 422),
      },
    },
    async ({ organization, params, query }) => {
      const page = readPage(query);
      const { changes, count } = await scheduledChanges(app.db, organization.id, params.external_id, page);
      return { scheduled_changes: changes.map(presentScheduled), meta: pageMeta(page, count) };
    },
  );

  server.delete(
    "/subscriptions/:external_id/scheduled_changes/:id",
    {
      config,
      schema: {
        operationId: "cancelScheduledSubscriptionChange",
        tags,
        summary: "Cancel a scheduled change",
        params: ScheduledParams,
        response: answers(OneScheduled, 403, 404, 405),
      },
    },
    async ({ organization, params: { external_id, id }, now }) => {
      const change = await cancelScheduled(app, organization, external_id, id, now);
      return { scheduled_change: presentScheduled(change) };
    },
  );
}
