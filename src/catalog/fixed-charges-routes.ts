/** The HTTP contract of a plan's fixed charges. */
import type { App } from "../app.ts";
import { readPage } from "../http/query.ts";
import { answers, PageQuery, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { asksToCascade, flagOf } from "./charge-bodies.ts";
import { answerFixedCharge, answerFixedCharges } from "./fixed-charge-answers.ts";
import { fixedChargeInputOf } from "./fixed-charge-bodies.ts";
import { changeFixedCharge, createFixedCharge, removeFixedCharge } from "./fixed-charges-service.ts";
import { FixedChargeBody, FixedChargeParams, ManyFixedCharges, OneFixedCharge } from "./plan-part-schemas.ts";
import { getPlan } from "./plans-service.ts";
import { presentFixedCharge } from "./present-plan-parts.ts";
import { CodeParams } from "./schemas.ts";

const config = { resource: "plan" };
const tags = ["plans"];

export function fixedChargeRoutes(server: Server, app: App): void {
  fixedChargeReading(server, app);
  fixedChargeWriting(server, app);
  fixedChargeEnding(server, app);
}

function fixedChargeReading(server: Server, app: App): void {
  server.get(
    "/plans/:code/fixed_charges",
    {
      config,
      schema: {
        operationId: "findAllPlanFixedCharges",
        tags,
        summary: "List a plan's fixed charges",
        params: CodeParams,
        querystring: t.Object(PageQuery),
        response: answers(ManyFixedCharges, 404, 422),
      },
    },
    async ({ organization, params, query }) => {
      const page = readPage(query);
      return answerFixedCharges(await getPlan(app.db, organization.id, params.code), page);
    },
  );

  server.get(
    "/plans/:code/fixed_charges/:fixed_charge_code",
    {
      config,
      schema: {
        operationId: "findPlanFixedCharge",
        tags,
        summary: "Retrieve a fixed charge",
        params: FixedChargeParams,
        response: answers(OneFixedCharge, 404),
      },
    },
    async ({ organization, params: { code, fixed_charge_code } }) =>
      answerFixedCharge(await getPlan(app.db, organization.id, code), fixed_charge_code),
  );
}

function fixedChargeWriting(server: Server, app: App): void {
  server.post(
    "/plans/:code/fixed_charges",
    {
      config,
      schema: {
        operationId: "createPlanFixedCharge",
        tags,
        summary: "Create a fixed charge",
        description: "With `cascade_updates` the plan's overrides get it as well.",
        params: CodeParams,
        body: FixedChargeBody,
        response: answers(OneFixedCharge, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => {
      const { fixed_charge } = body;
      const change = { planCode: params.code, cascade: flagOf(fixed_charge.cascade_updates) ?? false, now };
      const created = await createFixedCharge(app, organization, change, fixedChargeInputOf(fixed_charge));
      return { fixed_charge: presentFixedCharge(created) };
    },
  );

  server.put(
    "/plans/:code/fixed_charges/:fixed_charge_code",
    {
      config,
      schema: {
        operationId: "updatePlanFixedCharge",
        tags,
        summary: "Update a fixed charge",
        description:
          "Add-on, payment time and proration never change; model and code only while no subscription was on the plan. Absent properties are reset to the model's defaults, an absent display name to none; absent units stay.",
        params: FixedChargeParams,
        body: FixedChargeBody,
        response: answers(OneFixedCharge, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => {
      const { fixed_charge } = body;
      const change = { planCode: params.code, cascade: flagOf(fixed_charge.cascade_updates) ?? false, now };
      const input = fixedChargeInputOf(fixed_charge);
      const changed = await changeFixedCharge(app, organization, change, params.fixed_charge_code, input);
      return { fixed_charge: presentFixedCharge(changed) };
    },
  );
}

function fixedChargeEnding(server: Server, app: App): void {
  server.delete(
    "/plans/:code/fixed_charges/:fixed_charge_code",
    {
      config,
      schema: {
        operationId: "destroyPlanFixedCharge",
        tags,
        summary: "Delete a fixed charge",
        description: "Fees that it has made stay. A body may say `{fixed_charge: {cascade_updates: true}}`.",
        params: FixedChargeParams,
        response: answers(OneFixedCharge, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => {
      const change = { planCode: params.code, cascade: asksToCascade(body, "fixed_charge"), now };
      const removed = await removeFixedCharge(app, organization, change, params.fixed_charge_code);
      return { fixed_charge: presentFixedCharge(removed) };
    },
  );
}
