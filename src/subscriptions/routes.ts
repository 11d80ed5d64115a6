/** The HTTP contract of subscriptions. */
import type { App } from "../app.ts";
import { findCustomer } from "../customers/index.ts";
import { type Query, readFlag, readOneOf, readPage, readText, readTexts } from "../http/query.ts";
import { answers } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { isCurrency } from "../kernel/currency.ts";
import { type Problem, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { pageMeta } from "../kernel/pages.ts";
import { changeSubscription } from "./change.ts";
import { subscriptionChargeRoutes } from "./charges-routes.ts";
import { subscriptionFilterRoutes } from "./filters-routes.ts";
import { subscriptionFixedChargeRoutes } from "./fixed-charges-routes.ts";
import type { BillMissed } from "./missed.ts";
import type { SubscriptionStatus, SubscriptionView } from "./model.ts";
import { pauseSubscription, resumeSubscription } from "./pause.ts";
import { presentSubscription, presentSubscriptionExtended } from "./present.ts";
import { readTermination, STATUSES } from "./rules/request.ts";
import {
  CreateBody,
  ExternalIdParams,
  ListQuery,
  Many,
  One,
  OneExtended,
  StatusQuery,
  TerminateQuery,
  UpdateBody,
} from "./schemas.ts";
import { createSubscription, findSubscription, listSubscriptions, planJsonOf } from "./service.ts";
import { terminateSubscription } from "./terminate.ts";
import type { Filters } from "./views-store.ts";

const config = { resource: "subscription" };
const tags = ["subscriptions"];

function readStatus(query: Query): SubscriptionStatus | null {
  const problems: Problem[] = [];
  const status = readOneOf(query, "status", STATUSES, problems);
  refuseIfAny(problems);
  return status;
}

/** Without a status the active ones are meant. */
function readFilters(query: Query): Filters {
  const problems: Problem[] = [];
  const statuses = readTexts(query, "status");
  const known = STATUSES.filter((status) => statuses.includes(status));
  if (statuses.some((status) => !known.some((name) => name === status))) {
    problems.push({ field: "status", code: "value_is_invalid" });
  }
  const currency = readText(query, "currency");
  if (currency !== null && !isCurrency(currency)) problems.push({ field: "currency", code: "value_is_invalid" });
  const overridden = readFlag(query, "overridden", problems);
  refuseIfAny(problems);
  return {
    statuses: known.length === 0 ? ["active"] : known,
    external_customer_id: readText(query, "external_customer_id"),
    customer_id: null,
    plan_code: readText(query, "plan_code"),
    external_id: readText(query, "external_id"),
    currency,
    overridden,
    billing_entity_codes: readTexts(query, "billing_entity_codes"),
  };
}

export function subscriptionRoutes(server: Server, app: App, billMissed: BillMissed): void {
  subscriptionReading(server, app);
  subscriptionWriting(server, app, billMissed);
  subscriptionEnding(server, app, billMissed);
  subscriptionPausing(server, app, billMissed);
  subscriptionChargeRoutes(server, app);
  subscriptionFixedChargeRoutes(server, app);
  subscriptionFilterRoutes(server, app);
}

async function extended(app: App, organizationId: string, view: SubscriptionView, now: Temporal.Instant) {
  return { subscription: presentSubscriptionExtended(view, await planJsonOf(app.db, organizationId, view), now) };
}

async function list(app: App, organizationId: string, query: Query, filters: Filters, now: Temporal.Instant) {
  const page = readPage(query);
  const { subscriptions, count } = await listSubscriptions(app.db, organizationId, filters, page);
  return { subscriptions: subscriptions.map((view) => presentSubscription(view, now)), meta: pageMeta(page, count) };
}

function subscriptionReading(server: Server, app: App): void {
  server.get(
    "/subscriptions",
    {
      config,
      schema: {
        operationId: "findAllSubscriptions",
        tags,
        summary: "List subscriptions, the latest start first",
        description: "The active ones, unless `status[]` asks for others.",
        querystring: ListQuery,
        response: answers(Many, 403, 404, 422),
      },
    },
    ({ organization, query, now }) => list(app, organization.id, query, readFilters(query), now),
  );

  server.get(
    "/customers/:external_id/subscriptions",
    {
      config,
      schema: {
        operationId: "findAllCustomerSubscriptions",
        tags: ["customers"],
        summary: "List a customer's subscriptions",
        description: "The active ones, unless `status[]` asks for others.",
        params: ExternalIdParams,
        querystring: ListQuery,
        response: answers(Many, 403, 404, 422),
      },
    },
    async ({ organization, params, query, now }) => {
      const customer = await findCustomer(app.db, organization.id, params.external_id);
      if (customer === null) throw new Refusal("customer_not_found");
      const filters = { ...readFilters(query), external_customer_id: null, customer_id: customer.id };
      return list(app, organization.id, query, filters, now);
    },
  );

  server.get(
    "/subscriptions/:external_id",
    {
      config,
      schema: {
        operationId: "findSubscription",
        tags,
        summary: "Get a subscription",
        description: "The active one, unless `status` asks for another: then the newest of that status.",
        params: ExternalIdParams,
        querystring: StatusQuery,
        response: answers(OneExtended, 403, 404, 422),
      },
    },
    async ({ organization, params, query, now }) => {
      const status = readStatus(query) ?? "active";
      const view = await findSubscription(app.db, organization.id, params.external_id, status);
      return extended(app, organization.id, view, now);
    },
  );
}

function subscriptionWriting(server: Server, app: App, billMissed: BillMissed): void {
  server.post(
    "/subscriptions",
    {
      config,
      schema: {
        operationId: "createSubscription",
        tags,
        summary: "Put a customer on a plan",
        description:
          "The external id makes it idempotent: asking again for the same plan answers the running subscription. An unknown customer is created.",
        body: CreateBody,
        response: answers(OneExtended, 400, 403, 404, 422),
      },
    },
    async ({ organization, body, now }) =>
      extended(app, organization.id, await createSubscription(app, organization, body, now, billMissed), now),
  );

  server.put(
    "/subscriptions/:external_id",
    {
      config,
      schema: {
        operationId: "updateSubscription",
        tags,
        summary: "Change a subscription",
        params: ExternalIdParams,
        querystring: StatusQuery,
        body: UpdateBody,
        response: answers(OneExtended, 400, 403, 404, 405, 422),
      },
    },
    async ({ organization, params, query, body, now }) => {
      const status = readStatus(query) ?? readStatus({ status: body.status ?? undefined });
      const view = await changeSubscription(app, organization, params.external_id, status, body, now);
      return extended(app, organization.id, view, now);
    },
  );
}

function subscriptionEnding(server: Server, app: App, billMissed: BillMissed): void {
  server.delete(
    "/subscriptions/:external_id",
    {
      config,
      schema: {
        operationId: "destroySubscription",
        tags,
        summary: "Terminate a subscription",
        description:
          "Bills what is left unless `on_termination_invoice` is skip. With `status=pending` a subscription that has not begun is canceled. The options may stand in the body as well.",
        params: ExternalIdParams,
        querystring: TerminateQuery,
        response: answers(One, 403, 404, 422),
      },
    },
    async ({ organization, params, query, body, now }) => {
      const given = optionsOf(query, body);
      const problems: Problem[] = [];
      const options = readTermination(given, problems);
      refuseIfAny(problems);
      const isOfPending = given.status === "pending";
      const termination = { externalId: params.external_id, isOfPending, options, now };
      const view = await terminateSubscription(app, organization, termination, billMissed);
      return { subscription: presentSubscription(view, now) };
    },
  );
}

const PAUSING = [
  {
    path: "pause",
    operationId: "pauseSubscription",
    summary: "Pause a subscription",
    description:
      "From tomorrow on there is no subscription fee; usage is billed as ever. What is paid already stays paid.",
    work: pauseSubscription,
  },
  {
    path: "resume",
    operationId: "resumeSubscription",
    summary: "Go on with a paused subscription",
    description:
      "From today on there is a fee again: of a plan in advance the rest of the period at once, where its beginning was paused.",
    work: resumeSubscription,
  },
] as const;

function subscriptionPausing(server: Server, app: App, billMissed: BillMissed): void {
  for (const { path, operationId, summary, description, work } of PAUSING) {
    const response = answers(OneExtended, 403, 404, 422);
    server.post(
      `/subscriptions/:external_id/${path}`,
      { config, schema: { operationId, tags, summary, description, params: ExternalIdParams, response } },
      async ({ organization, params, now }) =>
        extended(app, organization.id, await work(app, organization, params.external_id, now, billMissed), now),
    );
  }
}

const OPTIONS = ["status", "on_termination_credit_note", "on_termination_invoice"] as const;

/** The query's word counts before the body's. */
function optionsOf(query: Query, body: unknown): Partial<Record<(typeof OPTIONS)[number], string>> {
  const given = body !== null && typeof body === "object" ? (body as Record<string, unknown>) : {};
  const options: Partial<Record<(typeof OPTIONS)[number], string>> = {};
  for (const name of OPTIONS) {
    const inBody = given[name];
    const text = readText(query, name) ?? (typeof inBody === "string" ? inBody : null);
    if (text !== null) options[name] = text;
  }
  return options;
}
