import type { App } from "../../app.ts";
import { type Query, readPage } from "../../http/query.ts";
import { answers, Meta, t } from "../../http/schemas.ts";
import type { Server } from "../../http/server.ts";
import { type Problem, refuseIfAny } from "../../kernel/failure.ts";
import { pageMeta } from "../../kernel/pages.ts";
import { readFeesFilter } from "./filters.ts";
import { presentFee } from "./present.ts";
import { FeeAnswer } from "./schemas.ts";
import { feeOf, payFee, removeFee } from "./service.ts";
import { listFees } from "./store.ts";

const Given = t.Optional(t.Union([t.String(), t.Array(t.String())]));
const given = (...names: string[]) => Object.fromEntries(names.map((name) => [name, Given]));

const paging = { page: t.Optional(t.String()), per_page: t.Optional(t.String()) };
const ByLagoId = t.Object({ lago_id: t.String() });

const FeeFilters = t.Object({
  ...paging,
  ...given("external_subscription_id", "external_customer_id", "currency", "fee_type", "billable_metric_code"),
  ...given("payment_status", "event_transaction_id", "created_at_from", "created_at_to", "succeeded_at_from"),
  ...given("succeeded_at_to", "failed_at_from", "failed_at_to", "refunded_at_from", "refunded_at_to"),
});

/** Without a body's other keys: only the payment of a fee can be changed. */
const FeeBody = t.Object({ fee: t.Object({ payment_status: t.String() }) });
const OneFee = t.Object({ fee: FeeAnswer });

const config = { resource: "fee" };

export function feeRoutes(server: Server, app: App): void {
  feeReading(server, app);
  feeWriting(server, app);
}

function feeReading(server: Server, app: App): void {
  server.get(
    "/fees",
    {
      config,
      schema: {
        operationId: "findAllFees",
        tags: ["fees"],
        summary: "List fees, the oldest first",
        description: "Both ends of a range of dates are included.",
        querystring: FeeFilters,
        response: answers(t.Object({ fees: t.Array(FeeAnswer), meta: Meta }), 403, 422),
      },
    },
    async (request) => {
      const query = request.query as Query;
      const problems: Problem[] = [];
      const filter = readFeesFilter(query, problems);
      refuseIfAny(problems);
      const page = readPage(query);
      const { fees, total } = await listFees(app.db, request.organization.id, filter, page);
      return { fees: fees.map(presentFee), meta: pageMeta(page, total) };
    },
  );

  server.get(
    "/fees/:lago_id",
    {
      config,
      schema: {
        operationId: "findFee",
        tags: ["fees"],
        summary: "Show a fee",
        params: ByLagoId,
        response: answers(OneFee, 403, 404),
      },
    },
    async (request) => ({ fee: presentFee(await feeOf(app.db, request.organization.id, request.params.lago_id)) }),
  );
}

function feeWriting(server: Server, app: App): void {
  server.put(
    "/fees/:lago_id",
    {
      config,
      schema: {
        operationId: "updateFee",
        tags: ["fees"],
        summary: "Say how the payment of a fee went",
        description: "For fees that are on no invoice: pending, succeeded, failed or refunded.",
        params: ByLagoId,
        body: FeeBody,
        response: answers(OneFee, 400, 404, 405, 422),
      },
    },
    async ({ organization, params, body, now }) => ({
      fee: presentFee(await payFee(app.db, organization.id, params.lago_id, body.fee.payment_status, now)),
    }),
  );

  server.delete(
    "/fees/:lago_id",
    {
      config,
      schema: {
        operationId: "deleteFee",
        tags: ["fees"],
        summary: "Delete a fee that is on no invoice",
        params: ByLagoId,
        response: answers(OneFee, 404, 405),
      },
    },
    async ({ organization, params, now }) => ({
      fee: presentFee(await removeFee(app.db, organization.id, params.lago_id, now)),
    }),
  );
}
