/** Estimates over HTTP. Their events are read by request.ts alone: an estimate refuses what the event itself would be refused for. */
import type { App } from "../../../app.ts";
import { answers, t } from "../../../http/schemas.ts";
import type { Server } from "../../../http/server.ts";
import { badRequest, invalid } from "../../../kernel/failure.ts";
import { EstimatedFeeAnswer, InstantFeeAnswer, presentEstimate, presentInstantFee } from "./present.ts";
import { type EstimateInput, estimateInput } from "./request.ts";
import { estimateFees, estimateInstantFees, estimateInstantFeesOfMany } from "./service.ts";

const EVENTS_MAX = 1_000;

const EstimatedEvent = t.Object({
  code: t.String(),
  external_subscription_id: t.String(),
  transaction_id: t.Optional(t.Union([t.String(), t.Null()])),
  timestamp: t.Optional(t.Union([t.Number(), t.String(), t.Null()])),
  properties: t.Optional(t.Union([t.Record(t.String(), t.Unknown()), t.Null()])),
  precise_total_amount_cents: t.Optional(t.Union([t.Number(), t.String(), t.Null()])),
});
const OneEvent = t.Object({ event: EstimatedEvent });

const tags = ["events"];
const config = { resource: "event" };
const unchecked = { validatorCompiler: () => () => true } as const;

function rootOf(body: unknown, key: string): unknown {
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  const value = isObject ? (body as Record<string, unknown>)[key] : undefined;
  if (value === undefined || value === null)
    throw badRequest(`param is missing or the value is empty or invalid: ${key}`);
  return value;
}

/** Each as it is, or (as the contract has it) under a key of its own. */
function readInputs(value: unknown): EstimateInput[] {
  if (!Array.isArray(value)) throw invalid("events", "value_is_invalid");
  if (value.length > EVENTS_MAX) throw invalid("events", "too_many_events");
  return value.map(estimateInput).map((input) => {
    const { event } = input;
    return typeof event === "object" && event !== null ? estimateInput(event) : input;
  });
}

export function estimateRoutes(server: Server, app: App): void {
  server.post(
    "/events/estimate_fees",
    {
      config,
      ...unchecked,
      schema: {
        operationId: "eventEstimateFees",
        tags,
        summary: "Estimate the fees of an event",
        description: "By every charge that is paid in advance for it, as if it were sent now.",
        body: OneEvent,
        response: answers(t.Object({ fees: t.Array(EstimatedFeeAnswer) }), 400, 403, 404, 422),
      },
    },
    async (request) => {
      const input = estimateInput(rootOf(request.body, "event"));
      const fees = await estimateFees(app, request.organization.id, input, request.now);
      return { fees: fees.map((fee) => presentEstimate(fee, request.now)) };
    },
  );
  instantRoutes(server, app);
}

function instantRoutes(server: Server, app: App): void {
  const response = answers(t.Object({ fees: t.Array(InstantFeeAnswer) }), 400, 403, 404, 422);
  server.post(
    "/events/estimate_instant_fees",
    {
      config,
      ...unchecked,
      schema: {
        operationId: "eventEstimateInstantFees",
        tags,
        summary: "Estimate the fees of an event by itself",
        description: "By standard and percentage charges that are paid in advance; what came before does not count.",
        body: OneEvent,
        response,
      },
    },
    async (request) => {
      const input = estimateInput(rootOf(request.body, "event"));
      const fees = await estimateInstantFees(app, request.organization.id, input, request.now);
      return { fees: fees.map(presentInstantFee) };
    },
  );
  server.post(
    "/events/batch_estimate_instant_fees",
    {
      config,
      ...unchecked,
      schema: {
        operationId: "eventBatchEstimateInstantFees",
        tags,
        summary: "Estimate the fees of many events, each by itself",
        body: t.Object({ events: t.Array(EstimatedEvent, { maxItems: EVENTS_MAX }) }),
        response,
      },
    },
    async (request) => {
      const inputs = readInputs(rootOf(request.body, "events"));
      const fees = await estimateInstantFeesOfMany(app, request.organization.id, inputs, request.now);
      return { fees: fees.map(presentInstantFee) };
    },
  );
}
