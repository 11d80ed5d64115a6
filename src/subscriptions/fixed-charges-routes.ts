/** The HTTP contract of a subscription's fixed charges. */
import type { App } from "../app.ts";
import {
  answerFixedCharge,
  answerFixedCharges,
  FixedChargeOverrideBody,
  fixedChargeOverrideOf,
  ManyFixedCharges,
  OneFixedCharge,
} from "../catalog/index.ts";
import { readPage } from "../http/query.ts";
import { answers, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { fixedChargesOf, overrideFixedCharge } from "./fixed-charges-service.ts";
import { LinkQuery, linkNamed, PagedLinkQuery } from "./link-query.ts";

const config = { resource: "subscription" };
const tags = ["subscriptions"];
const Params = t.Object({ external_id: t.String(), fixed_charge_code: t.String() });

export function subscriptionFixedChargeRoutes(server: Server, app: App): void {
  fixedChargeReading(server, app);
  fixedChargeWriting(server, app);
}

function fixedChargeReading(server: Server, app: App): void {
  server.get(
    "/subscriptions/:external_id/fixed_charges",
    {
      config,
      schema: {
        operationId: "findAllSubscriptionFixedCharges",
        tags,
        summary: "List a subscription's fixed charges",
        description: "Those of its plan, or its own ones where it overrides the plan; with the units that it has.",
        params: t.Object({ external_id: t.String() }),
        querystring: PagedLinkQuery,
        response: answers(ManyFixedCharges, 404, 422),
      },
    },
    async ({ organization, params, query }) => {
      const page = readPage(query);
      const { plan, ownUnits } = await fixedChargesOf(app.db, organization.id, linkNamed(params, query));
      return answerFixedCharges(plan, page, ownUnits);
    },
  );

  server.get(
    "/subscriptions/:external_id/fixed_charges/:fixed_charge_code",
    {
      config,
      schema: {
        operationId: "findSubscriptionFixedCharge",
        tags,
        summary: "Retrieve a subscription's fixed charge",
        params: Params,
        querystring: LinkQuery,
        response: answers(OneFixedCharge, 404, 422),
      },
    },
    async ({ organization, params, query }) => {
      const { plan, ownUnits } = await fixedChargesOf(app.db, organization.id, linkNamed(params, query));
      return answerFixedCharge(plan, params.fixed_charge_code, ownUnits);
    },
  );
}

function fixedChargeWriting(server: Server, app: App): void {
  server.put(
    "/subscriptions/:external_id/fixed_charges/:fixed_charge_code",
    {
      config,
      schema: {
        operationId: "overrideSubscriptionFixedCharge",
        tags,
        summary: "Override a fixed charge for a subscription",
        description:
          "What is sent changes for this subscription alone. Units alone stay beside the plan that others are on; with anything else the subscription gets a plan of its own.",
        params: Params,
        querystring: LinkQuery,
        body: FixedChargeOverrideBody,
        response: answers(OneFixedCharge, 400, 403, 404, 422),
      },
    },
    async ({ organization, params, query, body, now }) => {
      const place = { link: linkNamed(params, query), code: params.fixed_charge_code, now };
      const input = fixedChargeOverrideOf(body.fixed_charge);
      const { plan, ownUnits } = await overrideFixedCharge(app, organization, place, input);
      return answerFixedCharge(plan, params.fixed_charge_code, ownUnits);
    },
  );
}
