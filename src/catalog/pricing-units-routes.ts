/** The HTTP contract of pricing units. */
import type { App } from "../app.ts";
import { readPage } from "../http/query.ts";
import { answers, PageQuery, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { pageMeta } from "../kernel/pages.ts";
import { presentPricingUnit } from "./present.ts";
import { changePricingUnit, createPricingUnit, getPricingUnit, removePricingUnit } from "./pricing-units-service.ts";
import { listPricingUnits } from "./pricing-units-store.ts";
import { CodeParams, ManyPricingUnits, OnePricingUnit, PricingUnitBody } from "./schemas.ts";

// Who may read or change plans may read or change what their prices are in: permissions know no resource of its own.
const config = { resource: "plan" };
const tags = ["pricing_units"];

export function pricingUnitRoutes(server: Server, app: App): void {
  pricingUnitReading(server, app);
  pricingUnitWriting(server, app);
}

function pricingUnitReading(server: Server, app: App): void {
  server.get(
    "/pricing_units",
    {
      config,
      schema: {
        operationId: "findAllPricingUnits",
        tags,
        summary: "List all pricing units",
        querystring: t.Object(PageQuery),
        response: answers(ManyPricingUnits, 422),
      },
    },
    async ({ organization, query }) => {
      const page = readPage(query);
      const { units, count } = await listPricingUnits(app.db, organization.id, page);
      return { pricing_units: units.map(presentPricingUnit), meta: pageMeta(page, count) };
    },
  );

  server.get(
    "/pricing_units/:code",
    {
      config,
      schema: {
        operationId: "findPricingUnit",
        tags,
        summary: "Retrieve a pricing unit",
        params: CodeParams,
        response: answers(OnePricingUnit, 404),
      },
    },
    async ({ organization, params }) => ({
      pricing_unit: presentPricingUnit(await getPricingUnit(app.db, organization.id, params.code)),
    }),
  );
}

function pricingUnitWriting(server: Server, app: App): void {
  server.post(
    "/pricing_units",
    {
      config,
      schema: {
        operationId: "createPricingUnit",
        tags,
        summary: "Create a pricing unit",
        description:
          "Credits that charges may be priced in, each with its own rate of conversion to the plan's currency.",
        body: PricingUnitBody,
        response: answers(OnePricingUnit, 400, 422),
      },
    },
    async ({ organization, body, now }) => ({
      pricing_unit: presentPricingUnit(await createPricingUnit(app, organization, body.pricing_unit, now)),
    }),
  );

  server.put(
    "/pricing_units/:code",
    {
      config,
      schema: {
        operationId: "updatePricingUnit",
        tags,
        summary: "Update a pricing unit",
        description: "Only what is sent changes; the code never does.",
        params: CodeParams,
        body: PricingUnitBody,
        response: answers(OnePricingUnit, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => ({
      pricing_unit: presentPricingUnit(await changePricingUnit(app, organization, params.code, body.pricing_unit, now)),
    }),
  );

  server.delete(
    "/pricing_units/:code",
    {
      config,
      schema: {
        operationId: "destroyPricingUnit",
        tags,
        summary: "Delete a pricing unit",
        description: "Charges that are priced in it stay so.",
        params: CodeParams,
        response: answers(OnePricingUnit, 404),
      },
    },
    async ({ organization, params, now }) => ({
      pricing_unit: presentPricingUnit(await removePricingUnit(app, organization, params.code, now)),
    }),
  );
}
