/** The HTTP contract of the filters of a subscription's charges. */
import type { App } from "../app.ts";
import {
  answerFilter,
  answerFilters,
  changeOwnFilter,
  createOwnFilter,
  FilterBody,
  ManyFilters,
  OneFilter,
  removeOwnFilter,
} from "../catalog/index.ts";
import { readPage } from "../http/query.ts";
import { answers, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { changeOwnCharge, planOfNamed } from "./charges-service.ts";
import { LinkQuery, linkNamed, PagedLinkQuery } from "./link-query.ts";

const config = { resource: "subscription" };
const tags = ["subscriptions"];
const ChargeParams = t.Object({ external_id: t.String(), charge_code: t.String() });
const FilterParams = t.Object({ external_id: t.String(), charge_code: t.String(), filter_id: t.String() });

export function subscriptionFilterRoutes(server: Server, app: App): void {
  filterReading(server, app);
  filterWriting(server, app);
  filterEnding(server, app);
}

function filterReading(server: Server, app: App): void {
  server.get(
    "/subscriptions/:external_id/charges/:charge_code/filters",
    {
      config,
      schema: {
        operationId: "findAllSubscriptionChargeFilters",
        tags,
        summary: "List the filters of a subscription's charge",
        params: ChargeParams,
        querystring: PagedLinkQuery,
        response: answers(ManyFilters, 404, 422),
      },
    },
    async ({ organization, params, query }) => {
      const page = readPage(query);
      const plan = await planOfNamed(app.db, organization.id, linkNamed(params, query));
      return answerFilters(plan, params.charge_code, page);
    },
  );

  server.get(
    "/subscriptions/:external_id/charges/:charge_code/filters/:filter_id",
    {
      config,
      schema: {
        operationId: "findSubscriptionChargeFilter",
        tags,
        summary: "Retrieve a filter of a subscription's charge",
        params: FilterParams,
        querystring: LinkQuery,
        response: answers(OneFilter, 404, 422),
      },
    },
    async ({ organization, params, query }) => {
      const plan = await planOfNamed(app.db, organization.id, linkNamed(params, query));
      return answerFilter(plan, params.charge_code, params.filter_id);
    },
  );
}

function filterWriting(server: Server, app: App): void {
  server.post(
    "/subscriptions/:external_id/charges/:charge_code/filters",
    {
      config,
      schema: {
        operationId: "createSubscriptionChargeFilter",
        tags,
        summary: "Add a filter to a subscription's charge",
        description: "For this subscription alone. A filter with the same values must not be there.",
        params: ChargeParams,
        querystring: LinkQuery,
        body: FilterBody,
        response: answers(OneFilter, 400, 403, 404, 422),
      },
    },
    async ({ organization, params, query, body, now }) => {
      const place = { link: linkNamed(params, query), chargeCode: params.charge_code, now };
      const { plan, id } = await changeOwnCharge(app, organization, place, (tx, own) =>
        createOwnFilter(tx, organization.id, own, body.filter),
      );
      return answerFilter(plan, params.charge_code, id);
    },
  );

  server.put(
    "/subscriptions/:external_id/charges/:charge_code/filters/:filter_id",
    {
      config,
      schema: {
        operationId: "updateSubscriptionChargeFilter",
        tags,
        summary: "Change a filter of a subscription's charge",
        description: "For this subscription alone; a filter of its plan is changed in the subscription's copy.",
        params: FilterParams,
        querystring: LinkQuery,
        body: FilterBody,
        response: answers(OneFilter, 400, 403, 404, 422),
      },
    },
    async ({ organization, params, query, body, now }) => {
      const place = { link: linkNamed(params, query), chargeCode: params.charge_code, now };
      const { plan, id } = await changeOwnCharge(app, organization, place, (tx, own) =>
        changeOwnFilter(tx, organization.id, own, params.filter_id, body.filter),
      );
      return answerFilter(plan, params.charge_code, id);
    },
  );
}

function filterEnding(server: Server, app: App): void {
  server.delete(
    "/subscriptions/:external_id/charges/:charge_code/filters/:filter_id",
    {
      config,
      schema: {
        operationId: "destroySubscriptionChargeFilter",
        tags,
        summary: "Delete a filter of a subscription's charge",
        description: "For this subscription alone.",
        params: FilterParams,
        querystring: LinkQuery,
        response: answers(OneFilter, 400, 403, 404, 422),
      },
    },
    async ({ organization, params, query, now }) => {
      const place = { link: linkNamed(params, query), chargeCode: params.charge_code, now };
      const { plan, id } = await changeOwnCharge(app, organization, place, (tx, own) =>
        removeOwnFilter(tx, organization.id, own, params.filter_id),
      );
      return answerFilter(plan, params.charge_code, id);
    },
  );
}
