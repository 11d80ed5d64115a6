/** The HTTP contract of simulations. */
import type { Static } from "typebox";
import type { App } from "../../app.ts";
import { upsertCustomerIn } from "../../customers/index.ts";
import type { Query } from "../../http/query.ts";
import { answers, t } from "../../http/schemas.ts";
import type { Server } from "../../http/server.ts";
import type { Organization } from "../../identity/index.ts";
import { type Problem, refuseIfAny } from "../../kernel/failure.ts";
import { newId } from "../../kernel/ids.ts";
import { activeStanding, listByExternalId, propose } from "../../subscriptions/index.ts";
import type { Assumption, Subject } from "./model.ts";
import { presentSimulation } from "./present.ts";
import { projectionBasis } from "./projection.ts";
import { readExpected, readHorizon, readHorizonQuery, readUsageQuery } from "./rules/read-request.ts";
import { OneSimulation, SimulationBody, SimulationQuery } from "./schemas.ts";
import { simulate, subjectOf } from "./service.ts";

const config = { resource: "subscription" };
const tags = ["subscriptions"];

const plansOf = ({ line: { facts, next } }: Subject) => (next === null ? [facts.plan] : [facts.plan, next.plan]);

export function simulationRoutes(server: Server, app: App): void {
  proposalRoute(server, app);
  server.get(
    "/subscriptions/:external_id/simulation",
    {
      config,
      schema: {
        operationId: "simulateSubscription",
        tags,
        summary: "Show the next invoices of a running subscription, as they will come",
        description:
          "The next `periods` invoices (12), or those up to `until`. `usage`: `projected` (what was used so far goes on) or `current` (nothing more is used). Nothing is written.",
        params: t.Object({ external_id: t.String() }),
        querystring: SimulationQuery,
        response: answers(OneSimulation, 403, 404, 422),
      },
    },
    async ({ organization, params, query, now }) => {
      const problems: Problem[] = [];
      const horizon = readHorizonQuery(query as Query, now, problems);
      const kind = readUsageQuery(query as Query, problems);
      refuseIfAny(problems);
      const standing = await activeStanding(app.db, organization.id, params.external_id);
      const subject = await subjectOf(app.db, organization.id, standing, { is_new: false });
      const assumption: Assumption =
        kind === "current" ? { kind } : { kind, basis: await projectionBasis(app, organization.id, subject, now) };
      const simulation = await simulate(app, organization, subject, assumption, horizon, now);
      const currency = subject.line.facts.plan.amount_currency;
      return { simulation: presentSimulation(simulation, kind, { is_named: true, currency }) };
    },
  );
}

function proposalRoute(server: Server, app: App): void {
  server.post(
    "/subscriptions/simulate",
    {
      config,
      schema: {
        operationId: "simulateProposal",
        tags,
        summary: "Show the invoices that a subscription would have",
        description:
          "The body of `POST /subscriptions`, with the customer's own fields where wanted, and what is expected to be used in each period. Refused as the subscription itself would be. Nothing is written.",
        body: SimulationBody,
        response: answers(OneSimulation, 400, 403, 404, 422),
      },
    },
    async ({ organization, body, now }) => {
      const problems: Problem[] = [];
      const horizon = readHorizon(body.simulation ?? {}, now, problems);
      refuseIfAny(problems);
      const subject = await proposed(app, organization, body, now);
      const usage = body.simulation?.usage ?? null;
      const entries = readExpected(usage ?? [], plansOf(subject), problems);
      refuseIfAny(problems);
      const assumption: Assumption = usage === null ? { kind: "current" } : { kind: "given", entries };
      const simulation = await simulate(app, organization, subject, assumption, horizon, now);
      const named = {
        is_named: Boolean(body.subscription.external_id),
        currency: subject.line.facts.plan.amount_currency,
      };
      return { simulation: presentSimulation(simulation, assumption.kind, named) };
    },
  );
}

/** The subscription is made as it would be, and undone at once: nothing of it is left but what was read of it. */
async function proposed(
  app: App,
  organization: Organization,
  { subscription: input, authorization }: Static<typeof SimulationBody>,
  now: Temporal.Instant,
): Promise<Subject> {
  const { customer, ...given } = input;
  const external_customer_id = given.external_customer_id ?? customer?.external_id ?? newId();
  const external_id = given.external_id ?? newId();
  const known = new Set((await listByExternalId(app.db, organization.id, external_id)).map(({ id }) => id));
  // Nobody reacts to what does not happen.
  const alone: App = { ...app, reactions: new Map() };
  const tx = await app.db.startTransaction().execute();
  try {
    if (customer)
      await upsertCustomerIn(alone, tx, organization, { ...customer, external_id: external_customer_id }, now);
    const subscription = { ...given, external_customer_id, external_id };
    const standing = await propose(alone, tx, organization, { subscription, authorization }, now);
    return await subjectOf(tx, organization.id, standing, { is_new: !known.has(standing.subscription.id) });
  } finally {
    await tx.rollback().execute();
  }
}
