/** The HTTP contract of add-ons. */
import type { Static } from "typebox";
import type { App } from "../app.ts";
import { readPage } from "../http/query.ts";
import { answers, PageQuery, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { pageMeta } from "../kernel/pages.ts";
import { AddOnBody, ManyAddOns, OneAddOn } from "./add-on-schemas.ts";
import { changeAddOn, createAddOn, getAddOn, removeAddOn } from "./add-ons-service.ts";
import { listAddOns } from "./add-ons-store.ts";
import { centsOf } from "./charge-bodies.ts";
import { presentAddOn } from "./present.ts";
import type { AddOnInput } from "./rules/add-on.ts";
import { CodeParams } from "./schemas.ts";

const config = { resource: "add_on" };
const tags = ["add_ons"];

function inputOf({ add_on }: Static<typeof AddOnBody>): AddOnInput {
  return { ...add_on, amount_cents: centsOf(add_on.amount_cents) };
}

export function addOnRoutes(server: Server, app: App): void {
  addOnReading(server, app);
  addOnWriting(server, app);
}

function addOnReading(server: Server, app: App): void {
  server.get(
    "/add_ons",
    {
      config,
      schema: {
        operationId: "findAllAddOns",
        tags,
        summary: "List all add-ons",
        querystring: t.Object(PageQuery),
        response: answers(ManyAddOns, 422),
      },
    },
    async ({ organization, query }) => {
      const page = readPage(query);
      const { addOns, count } = await listAddOns(app.db, organization.id, page);
      return { add_ons: addOns.map(presentAddOn), meta: pageMeta(page, count) };
    },
  );

  server.get(
    "/add_ons/:code",
    {
      config,
      schema: {
        operationId: "findAddOn",
        tags,
        summary: "Retrieve an add-on",
        params: CodeParams,
        response: answers(OneAddOn, 404),
      },
    },
    async ({ organization, params }) => ({
      add_on: presentAddOn(await getAddOn(app.db, organization.id, params.code)),
    }),
  );
}

function addOnWriting(server: Server, app: App): void {
  server.post(
    "/add_ons",
    {
      config,
      schema: {
        operationId: "createAddOn",
        tags,
        summary: "Create an add-on",
        body: AddOnBody,
        response: answers(OneAddOn, 400, 404, 422),
      },
    },
    async ({ organization, body, now }) => ({
      add_on: presentAddOn(await createAddOn(app, organization, inputOf(body), now)),
    }),
  );

  server.put(
    "/add_ons/:code",
    {
      config,
      schema: {
        operationId: "updateAddOn",
        tags,
        summary: "Update an add-on",
        description: "Only what is sent changes. What was billed already stays as it was.",
        params: CodeParams,
        body: AddOnBody,
        response: answers(OneAddOn, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => ({
      add_on: presentAddOn(await changeAddOn(app, organization, params.code, inputOf(body), now)),
    }),
  );

  server.delete(
    "/add_ons/:code",
    {
      config,
      schema: {
        operationId: "destroyAddOn",
        tags,
        summary: "Delete an add-on",
        description: "Fixed charges on it go with it.",
        params: CodeParams,
        response: answers(OneAddOn, 404),
      },
    },
    async ({ organization, params, now }) => ({
      add_on: presentAddOn(await removeAddOn(app, organization, params.code, now)),
    }),
  );
}
