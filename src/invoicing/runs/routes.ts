/** The HTTP contract of billing runs, and of the customers that they set aside. */
import type { App } from "../../app.ts";
import { type Query, readPage, readText } from "../../http/query.ts";
import { answers, DateTime, Meta, nullable, optional, PageQuery, ShortText, t, Uuid } from "../../http/schemas.ts";
import type { Server } from "../../http/server.ts";
import { machineNow } from "../../kernel/clock.ts";
import { Refusal } from "../../kernel/failure.ts";
import { pageMeta } from "../../kernel/pages.ts";
import { presentFailure, presentRun, presentRunError } from "./present.ts";
import { findRun, listErrors, listFailures, listRuns } from "./reading.ts";
import { retrySetAside } from "./service.ts";

const failure = {
  lago_customer_id: Uuid,
  external_customer_id: t.String(),
  customer_name: nullable(t.String()),
  error: t.String({ description: "Why the customer could not be billed" }),
  attempts: t.Integer({ description: "How often it was tried" }),
  failed_at: DateTime,
  retry_at: DateTime,
};
const BillingFailureAnswer = t.Object(failure);
const BillingRunErrorAnswer = t.Object({
  ...failure,
  set_aside: t.Boolean({ description: "Whether the customer is still set aside" }),
});

const Count = t.Integer({ minimum: 0 });
const run = {
  lago_id: Uuid,
  kind: t.Union([t.Literal("billing"), t.Literal("retries")]),
  status: t.Union([t.Literal("running"), t.Literal("finished"), t.Literal("interrupted")], {
    description: "Interrupted: a batch failed for good. What it left is still due, and billed by the next run",
  }),
  due_until: t.String({ format: "date-time", description: "What fell due up to here, by the organization's clock" }),
  started_at: t.String({ format: "date-time", description: "Real time, in a sandbox too" }),
  finished_at: nullable(DateTime),
  estimated_finish_at: nullable(DateTime),
  customers_per_second: t.Number({ description: "Of the last minute while it runs, then of the whole run" }),
  batches_count: Count,
  batches_done_count: Count,
  customers_due_count: Count,
  customers_done_count: Count,
  customers_billed_count: Count,
  customers_set_aside_count: Count,
  customers_skipped_count: t.Integer({ description: "Nothing was due of them any more when their turn came" }),
  invoices_count: t.Integer({ description: "Invoices made, closed ones (of nothing, unseen) among them" }),
};
const BillingRunAnswer = t.Object(run);

const ERRORS_SHOWN = 100;
const ByLagoId = t.Object({ lago_id: t.String() });
const config = { resource: "invoice" };
const tags = ["billing runs"];

export function billingRunRoutes(server: Server, app: App): void {
  runsRoutes(server, app);
  errorsRoute(server, app);
  failuresRoutes(server, app);
}

async function runOf({ db }: App, organizationId: string, id: string, now: Temporal.Instant) {
  const found = await findRun(db, organizationId, id, now);
  if (found === null) throw new Refusal("billing_run_not_found");
  return found;
}

function runsRoutes(server: Server, app: App): void {
  server.get(
    "/billing_runs",
    {
      config,
      schema: {
        operationId: "findAllBillingRuns",
        tags,
        summary: "List billing runs and how far they are, the newest first",
        querystring: t.Object(PageQuery),
        response: answers(t.Object({ billing_runs: t.Array(BillingRunAnswer), meta: Meta }), 403, 422),
      },
    },
    async ({ organization, query }) => {
      const page = readPage(query as Query);
      const now = machineNow();
      const { runs, total } = await listRuns(app.db, organization.id, page, now);
      return { billing_runs: runs.map((each) => presentRun(each, now)), meta: pageMeta(page, total) };
    },
  );

  server.get(
    "/billing_runs/:lago_id",
    {
      config,
      schema: {
        operationId: "findBillingRun",
        tags,
        summary: "Show a billing run, with the first of its errors",
        params: ByLagoId,
        response: answers(
          t.Object({
            billing_run: t.Object({ ...run, errors: t.Array(BillingRunErrorAnswer, { maxItems: ERRORS_SHOWN }) }),
          }),
          ...[403, 404],
        ),
      },
    },
    async ({ organization, params }) => {
      const now = machineNow();
      const found = await runOf(app, organization.id, params.lago_id, now);
      const page = { page: 1, perPage: ERRORS_SHOWN };
      const { errors } = await listErrors(app.db, organization.id, found.id, page);
      return { billing_run: { ...presentRun(found, now), errors: errors.map(presentRunError) } };
    },
  );
}

function errorsRoute(server: Server, app: App): void {
  server.get(
    "/billing_runs/:lago_id/errors",
    {
      config,
      schema: {
        operationId: "findAllBillingRunErrors",
        tags,
        summary: "List the customers that a run could not bill",
        params: ByLagoId,
        querystring: t.Object(PageQuery),
        response: answers(t.Object({ errors: t.Array(BillingRunErrorAnswer), meta: Meta }), 403, 404, 422),
      },
    },
    async ({ organization, params, query }) => {
      const page = readPage(query as Query);
      const { id } = await runOf(app, organization.id, params.lago_id, machineNow());
      const { errors, total } = await listErrors(app.db, organization.id, id, page);
      return { errors: errors.map(presentRunError), meta: pageMeta(page, total) };
    },
  );
}

function failuresRoutes(server: Server, app: App): void {
  server.get(
    "/billing_failures",
    {
      config,
      schema: {
        operationId: "findAllBillingFailures",
        tags,
        summary: "List the customers that are set aside now, as their billing failed; the newest failure first",
        querystring: t.Object({ ...PageQuery, external_customer_id: t.Optional(t.String()) }),
        response: answers(t.Object({ billing_failures: t.Array(BillingFailureAnswer), meta: Meta }), 403, 422),
      },
    },
    async ({ organization, query }) => {
      const page = readPage(query as Query);
      const named = readText(query as Query, "external_customer_id");
      const { failures, total } = await listFailures(app.db, organization.id, named, page);
      return { billing_failures: failures.map(presentFailure), meta: pageMeta(page, total) };
    },
  );

  server.post(
    "/billing_failures/retry",
    {
      config,
      schema: {
        operationId: "retryBillingFailures",
        tags,
        summary: "Bill customers again that are set aside, now",
        description:
          "All of them, or those that are named. It is done in the background, as a run of the kind `retries`.",
        body: t.Object({
          retry: t.Object({ external_customer_ids: optional(t.Array(ShortText, { minItems: 1, maxItems: 1_000 })) }),
        }),
        response: answers(t.Object({ retry: t.Object({ customers_count: Count }) }), 400, 403, 404, 422),
      },
    },
    async ({ organization, body, now }) => {
      const named = body.retry.external_customer_ids ?? null;
      return { retry: { customers_count: await retrySetAside(app, organization, named, now) } };
    },
  );
}
