/** The HTTP contract of plans. */
import type { Static } from "typebox";
import type { App } from "../app.ts";
import { readPage } from "../http/query.ts";
import { answers, PageQuery, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { pageMeta } from "../kernel/pages.ts";
import { centsOf, chargeInputOf, flagOf } from "./charge-bodies.ts";
import { commitmentInputOf, fixedChargeInputOf, thresholdInputOf } from "./fixed-charge-bodies.ts";
import { removePlan } from "./plan-deletion.ts";
import { changePlan, createPlan, getPlan, type PlanRequest } from "./plans-service.ts";
import { listPlans } from "./plans-store.ts";
import { presentListedPlan, presentPlan } from "./present.ts";
import { CodeParams, ManyPlans, OnePlan, PlanBody } from "./schemas.ts";

const config = { resource: "plan" };
const tags = ["plans"];

function requestOf({ plan }: Static<typeof PlanBody>): PlanRequest {
  const { name, invoice_display_name, code, description, interval, amount_currency, trial_period } = plan;
  const { tax_codes, metadata, usage_thresholds, fixed_charges, minimum_commitment } = plan;
  return {
    terms: {
      ...{ name, invoice_display_name, code, description, interval, amount_currency, trial_period },
      amount_cents: centsOf(plan.amount_cents),
      pay_in_advance: flagOf(plan.pay_in_advance),
      bill_charges_monthly: flagOf(plan.bill_charges_monthly),
      bill_fixed_charges_monthly: flagOf(plan.bill_fixed_charges_monthly),
    },
    charges: plan.charges?.map(chargeInputOf) ?? null,
    parts: {
      ...{ tax_codes, metadata },
      usage_thresholds: usage_thresholds?.map(thresholdInputOf),
      fixed_charges: fixed_charges?.map(fixedChargeInputOf),
      minimum_commitment: minimum_commitment ? commitmentInputOf(minimum_commitment) : null,
    },
    cascade: flagOf(plan.cascade_updates) ?? false,
  };
}

export function planRoutes(server: Server, app: App): void {
  planReading(server, app);
  planWriting(server, app);
}

function planReading(server: Server, app: App): void {
  server.get(
    "/plans",
    {
      config,
      schema: {
        operationId: "findAllPlans",
        tags,
        summary: "List all plans",
        querystring: t.Object(PageQuery),
        response: answers(ManyPlans, 422),
      },
    },
    async ({ organization, query }) => {
      const page = readPage(query);
      const { plans, count } = await listPlans(app.db, organization.id, page);
      return { plans: plans.map(presentListedPlan), meta: pageMeta(page, count) };
    },
  );

  server.get(
    "/plans/:code",
    {
      config,
      schema: {
        operationId: "findPlan",
        tags,
        summary: "Retrieve a plan",
        params: CodeParams,
        response: answers(OnePlan, 404),
      },
    },
    async ({ organization, params }) => ({ plan: presentPlan(await getPlan(app.db, organization.id, params.code)) }),
  );
}

function planWriting(server: Server, app: App): void {
  server.post(
    "/plans",
    {
      config,
      schema: {
        operationId: "createPlan",
        tags,
        summary: "Create a plan",
        body: PlanBody,
        response: answers(OnePlan, 400, 404, 422),
      },
    },
    async ({ organization, body, now }) => ({
      plan: presentPlan(await createPlan(app, organization, requestOf(body), now)),
    }),
  );

  server.put(
    "/plans/:code",
    {
      config,
      schema: {
        operationId: "updatePlan",
        tags,
        summary: "Update a plan",
        description:
          "Only what is sent changes; a list of charges is the complete new one. Once a subscription was on the plan, its code, interval, currency and payment time are ignored.",
        params: CodeParams,
        body: PlanBody,
        response: answers(OnePlan, 400, 404, 422),
      },
    },
    async ({ organization, params, body, now }) => ({
      plan: presentPlan(await changePlan(app, organization, params.code, requestOf(body), now)),
    }),
  );

  server.delete(
    "/plans/:code",
    {
      config,
      schema: {
        operationId: "destroyPlan",
        tags,
        summary: "Delete a plan",
        params: CodeParams,
        response: answers(OnePlan, 404, 422),
      },
    },
    async ({ organization, params, now }) => ({
      plan: presentPlan(await removePlan(app, organization, params.code, now)),
    }),
  );
}
