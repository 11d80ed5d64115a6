/** The HTTP contract of a plan's charges. */
import type { App } from "../app.ts";
import { readPage } from "../http/query.ts";
import { answers, PageQuery, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { answerCharge, answerCharges } from "./charge-answers.ts";
import { asksToCascade, chargeInputOf, flagOf } from "./charge-bodies.ts";
import { ChargeBody, ManyCharges, OneCharge } from "./charge-schemas.ts";
import { changeCharge, createCharge, removeCharge } from "./charges-service.ts";
import { getPlan } from "./plans-service.ts";
import { presentCharge } from "./present.ts";
import { CodeParams } from "./schemas.ts";

const config = { resource: "plan" };
const tags = ["plans"];
const ChargeParams = t.Object({ code: t.String(), charge_code: t.String() });

export function chargeRoutes(server: Server, app: App): void {
  chargeReading(server, app);
  chargeWriting(server, app);
  chargeEnding(server, app);
}

function chargeReading(server: Server, app: App): void {
  server.get(
    "/plans/:code/charges",
    {
      config,
      schema: {
        operationId: "findAllPlanCharges",
        tags,
        summary: "List a plan's charges",
        params: CodeParams,
        querystring: t.Object(PageQuery),
        response: answers(ManyCharges, 404, 422),
      },
    },
    async ({ organization, params, query }) => {
      const page = readPage(query);
      const plan = await getPlan(app.db, organization.id, params.code);
      return answerCharges(plan, page);
    },
  );

  server.get(
    "/plans/:code/charges/:charge_code",
    {
      config,
      schema: {
        operationId: "findPlanCharge",
        tags,
        summary: "Retrieve a charge",
        params: ChargeParams,
        response: answers(OneCharge, 404),
      },
    },
    async ({ organization, params }) =>
      answerCharge(await getPlan(app.db, organization.id, params.code), params.charge_code),
  );
}

function chargeWriting(server: Server, app: App): void {
  server.post(
    "/plans/:code/charges",
    {
      config,
      schema: {
        operationId: "createPlanCharge",
        tags,
        summary: "Create a charge",
        description: "With `cascade_updates` the plan's overrides get it as well.",
        params: CodeParams,
        body: ChargeBody,
        response: answers(OneCharge, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => {
      const change = { planCode: params.code, cascade: flagOf(body.charge.cascade_updates) ?? false, now };
      return { charge: presentCharge(await createCharge(app, organization, change, chargeInputOf(body.charge))) };
    },
  );

  server.put(
    "/plans/:code/charges/:charge_code",
    {
      config,
      schema: {
        operationId: "updatePlanCharge",
        tags,
        summary: "Update a charge",
        description:
          "Absent properties are reset to the model's defaults, an absent display name to none. Once a subscription was on the plan, only names, prices and filters change; the rest is ignored.",
        params: ChargeParams,
        body: ChargeBody,
        response: answers(OneCharge, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => {
      const change = { planCode: params.code, cascade: flagOf(body.charge.cascade_updates) ?? false, now };
      const input = chargeInputOf(body.charge);
      return { charge: presentCharge(await changeCharge(app, organization, change, params.charge_code, input)) };
    },
  );
}

function chargeEnding(server: Server, app: App): void {
  server.delete(
    "/plans/:code/charges/:charge_code",
    {
      config,
      schema: {
        operationId: "destroyPlanCharge",
        tags,
        summary: "Delete a charge",
        description: "Fees that it has made stay. A body may say `{charge: {cascade_updates: true}}`.",
        params: ChargeParams,
        response: answers(OneCharge, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => {
      const change = { planCode: params.code, cascade: asksToCascade(body, "charge"), now };
      return { charge: presentCharge(await removeCharge(app, organization, change, params.charge_code)) };
    },
  );
}
