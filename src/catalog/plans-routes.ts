/** The HTTP contract of plans. */
import type { Static } from "typebox";
import type { App } from "../app.ts";
import { readPage } from "../http/query.ts";
import { answers, asFlag, type Cents, type Flag, PageQuery, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { pageMeta } from "../kernel/pages.ts";
import { changePlan, createPlan, getPlan, type PlanRequest, removePlan } from "./plans-service.ts";
import { listPlans } from "./plans-store.ts";
import { presentListedPlan, presentPlan } from "./present.ts";
import type { ChargeInput } from "./rules/charge.ts";
import { CodeParams, ManyPlans, OnePlan, PlanBody } from "./schemas.ts";

const config = { resource: "plan" };
const tags = ["plans"];

type Given<T> = T | null | undefined;

/** Absent stays absent and null stays null: an update tells them apart. */
const flag = (value: Given<Static<typeof Flag>>) => (typeof value === "string" ? asFlag(value) : value);
const cents = (value: Given<Static<typeof Cents>>) => (value === null || value === undefined ? value : BigInt(value));
const id = (value: Given<string>) => value?.toLowerCase();

type ChargeBody = NonNullable<Static<typeof PlanBody>["plan"]["charges"]>[number];

function chargeOf(body: ChargeBody): ChargeInput {
  return {
    ...body,
    id: id(body.id),
    billable_metric_id: id(body.billable_metric_id),
    pay_in_advance: flag(body.pay_in_advance),
    prorated: flag(body.prorated),
    invoiceable: flag(body.invoiceable),
    accepts_target_wallet: flag(body.accepts_target_wallet),
    min_amount_cents: cents(body.min_amount_cents),
  };
}

function requestOf({ plan }: Static<typeof PlanBody>): PlanRequest {
  const { name, invoice_display_name, code, description, interval, amount_currency, trial_period } = plan;
  const { tax_codes, metadata, usage_thresholds, fixed_charges, minimum_commitment } = plan;
  return {
    terms: {
      ...{ name, invoice_display_name, code, description, interval, amount_currency, trial_period },
      amount_cents: cents(plan.amount_cents),
      pay_in_advance: flag(plan.pay_in_advance),
      bill_charges_monthly: flag(plan.bill_charges_monthly),
      bill_fixed_charges_monthly: flag(plan.bill_fixed_charges_monthly),
    },
    charges: plan.charges?.map(chargeOf) ?? null,
    parts: {
      ...{ tax_codes, metadata, usage_thresholds, fixed_charges, minimum_commitment },
      cascade_updates: flag(plan.cascade_updates),
    },
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
