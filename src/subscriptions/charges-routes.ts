/** The HTTP contract of a subscription's charges. */
import type { App } from "../app.ts";
import {
  answerCharge,
  answerCharges,
  ChargeOverrideBody,
  chargeOverrideOf,
  ManyCharges,
  OneCharge,
  overrideCharge,
} from "../catalog/index.ts";
import { readPage } from "../http/query.ts";
import { answers, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { changeOwnCharge, planOfNamed } from "./charges-service.ts";
import { LinkQuery, linkNamed, PagedLinkQuery } from "./link-query.ts";

const config = { resource: "subscription" };
const tags = ["subscriptions"];

export function subscriptionChargeRoutes(server: Server, app: App): void {
  chargeReading(server, app);
  chargeWriting(server, app);
}

function chargeReading(server: Server, app: App): void {
  server.get(
    "/subscriptions/:external_id/charges",
    {
      config,
      schema: {
        operationId: "findAllSubscriptionCharges",
        tags,
        summary: "List a subscription's charges",
        description: "Those of its plan, or its own ones where it overrides the plan.",
        params: t.Object({ external_id: t.String() }),
        querystring: PagedLinkQuery,
        response: answers(ManyCharges, 404, 422),
      },
    },
    async ({ organization, params, query }) => {
      const page = readPage(query);
      return answerCharges(await planOfNamed(app.db, organization.id, linkNamed(params, query)), page);
    },
  );

  server.get(
    "/subscriptions/:external_id/charges/:charge_code",
    {
      config,
      schema: {
        operationId: "findSubscriptionCharge",
        tags,
        summary: "Retrieve a subscription's charge",
        params: t.Object({ external_id: t.String(), charge_code: t.String() }),
        querystring: LinkQuery,
        response: answers(OneCharge, 404, 422),
      },
    },
    async ({ organization, params, query }) =>
      answerCharge(await planOfNamed(app.db, organization.id, linkNamed(params, query)), params.charge_code),
  );
}

function chargeWriting(server: Server, app: App): void {
  server.put(
    "/subscriptions/:external_id/charges/:charge_code",
    {
      config,
      schema: {
        operationId: "overrideSubscriptionCharge",
        tags,
        summary: "Override a charge for a subscription",
        description:
          "What is sent changes for this subscription alone; with the first override it gets a plan of its own.",
        params: t.Object({ external_id: t.String(), charge_code: t.String() }),
        querystring: LinkQuery,
        body: ChargeOverrideBody,
        response: answers(OneCharge, 400, 403, 404, 422),
      },
    },
    async ({ organization, params, query, body, now }) => {
      const place = { link: linkNamed(params, query), chargeCode: params.charge_code, now };
      const plan = await changeOwnCharge(app, organization, place, (tx, own) =>
        overrideCharge(tx, organization.id, own, chargeOverrideOf(body.charge)),
      );
      return answerCharge(plan, params.charge_code);
    },
  );
}
