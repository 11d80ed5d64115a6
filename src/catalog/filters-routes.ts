/** The HTTP contract of a charge's filters. */
import type { App } from "../app.ts";
import { readPage } from "../http/query.ts";
import { answers, PageQuery, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { answerFilter, answerFilters } from "./charge-answers.ts";
import { asksToCascade, flagOf } from "./charge-bodies.ts";
import { FilterBody, ManyFilters, OneFilter } from "./charge-schemas.ts";
import { changeFilter, createFilter, removeFilter } from "./filters-service.ts";
import { getPlan } from "./plans-service.ts";
import { presentFilter } from "./present.ts";

const config = { resource: "plan" };
const tags = ["plans"];
const ChargeParams = t.Object({ code: t.String(), charge_code: t.String() });
const FilterParams = t.Object({ code: t.String(), charge_code: t.String(), filter_id: t.String() });

export function filterRoutes(server: Server, app: App): void {
  filterReading(server, app);
  filterWriting(server, app);
  filterEnding(server, app);
}

function filterReading(server: Server, app: App): void {
  server.get(
    "/plans/:code/charges/:charge_code/filters",
    {
      config,
      schema: {
        operationId: "findAllPlanChargeFilters",
        tags,
        summary: "List a charge's filters",
        params: ChargeParams,
        querystring: t.Object(PageQuery),
        response: answers(ManyFilters, 404, 422),
      },
    },
    async ({ organization, params, query }) => {
      const page = readPage(query);
      return answerFilters(await getPlan(app.db, organization.id, params.code), params.charge_code, page);
    },
  );

  server.get(
    "/plans/:code/charges/:charge_code/filters/:filter_id",
    {
      config,
      schema: {
        operationId: "findPlanChargeFilter",
        tags,
        summary: "Retrieve a charge filter",
        params: FilterParams,
        response: answers(OneFilter, 404),
      },
    },
    async ({ organization, params: { code, charge_code, filter_id } }) =>
      answerFilter(await getPlan(app.db, organization.id, code), charge_code, filter_id),
  );
}

function filterWriting(server: Server, app: App): void {
  server.post(
    "/plans/:code/charges/:charge_code/filters",
    {
      config,
      schema: {
        operationId: "createPlanChargeFilter",
        tags,
        summary: "Create a charge filter",
        description:
          "An event is priced by the filter with the most keys that it meets; of filters with equal values by the oldest.",
        params: ChargeParams,
        body: FilterBody,
        response: answers(OneFilter, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => {
      const change = { planCode: params.code, cascade: flagOf(body.filter.cascade_updates) ?? false, now };
      return { filter: presentFilter(await createFilter(app, organization, change, params.charge_code, body.filter)) };
    },
  );

  server.put(
    "/plans/:code/charges/:charge_code/filters/:filter_id",
    {
      config,
      schema: {
        operationId: "updatePlanChargeFilter",
        tags,
        summary: "Update a charge filter",
        description: "Display name and properties change, each if it is sent; the values never do.",
        params: FilterParams,
        body: FilterBody,
        response: answers(OneFilter, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => {
      const change = { planCode: params.code, cascade: flagOf(body.filter.cascade_updates) ?? false, now };
      const place = { chargeCode: params.charge_code, id: params.filter_id };
      return { filter: presentFilter(await changeFilter(app, organization, change, place, body.filter)) };
    },
  );
}

function filterEnding(server: Server, app: App): void {
  server.delete(
    "/plans/:code/charges/:charge_code/filters/:filter_id",
    {
      config,
      schema: {
        operationId: "destroyPlanChargeFilter",
        tags,
        summary: "Delete a charge filter",
        description: "A body may say `{filter: {cascade_updates: true}}`.",
        params: FilterParams,
        response: answers(OneFilter, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => {
      const change = { planCode: params.code, cascade: asksToCascade(body, "filter"), now };
      const place = { chargeCode: params.charge_code, id: params.filter_id };
      return { filter: presentFilter(await removeFilter(app, organization, change, place)) };
    },
  );
}
