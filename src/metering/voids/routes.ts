/** Correcting usage over HTTP. */
import { answers, optional, t } from "../../http/schemas.ts";
import type { Server } from "../../http/server.ts";
import { invalid, type Problem, Refusal, refuseIfAny } from "../../kernel/failure.ts";
import { type CorrectedEvent, presentEvent } from "../present.ts";
import { ListedEvent, rootOf, unchecked } from "../schemas.ts";
import { findEventById } from "../store.ts";
import { amendEvent } from "./amend.ts";
import { type Correction, isObject, readCorrection } from "./rules.ts";
import { type Corrections, voidEvent } from "./service.ts";

const correction = {
  external_subscription_id: optional(
    t.String({ description: "Needed where events of several subscriptions have the transaction id" }),
  ),
  reason: optional(t.String({ maxLength: 1_000 })),
};

const AmendInput = t.Object({
  ...correction,
  transaction_id: optional(t.String({ description: "Of the new event; else the original's with ~1, ~2, …" })),
  code: optional(t.String()),
  timestamp: optional(t.Union([t.Number(), t.String()])),
  properties: optional(
    t.Record(t.String(), t.Unknown(), { description: "All of them: nothing of the old ones is kept" }),
  ),
  precise_total_amount_cents: optional(t.Union([t.Number(), t.String()])),
});

const config = { resource: "event" };
const params = t.Object({ transaction_id: t.String() });

/** What stands under `event`, which must be an object. */
function givenOf(value: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw invalid("event", "value_is_invalid");
  return value;
}

/** Also right after the transaction: an event that was corrected is shown as it is found. */
async function shown(
  { metering }: Corrections,
  organizationId: string,
  id: string,
): Promise<ReturnType<typeof presentEvent>> {
  const event: CorrectedEvent | null = await findEventById(metering.app.db, organizationId, id);
  if (event === null) throw new Refusal("event_not_found");
  return presentEvent(event);
}

function readGiven(given: Readonly<Record<string, unknown>>): Correction {
  const problems: Problem[] = [];
  const read = readCorrection(given, problems);
  refuseIfAny(problems);
  return read;
}

export function correctionRoutes(server: Server, corrections: Corrections): void {
  voidRoute(server, corrections);
  amendRoute(server, corrections);
}

function voidRoute(server: Server, corrections: Corrections): void {
  server.post(
    "/events/:transaction_id/void",
    {
      config,
      ...unchecked,
      schema: {
        operationId: "voidEvent",
        tags: ["events"],
        summary: "Take an event out of all usage",
        description:
          "At once, and for good; the event stays in the log. Refused once a final invoice or a fee in advance contains it.",
        params,
        body: optional(t.Object({ event: optional(t.Object(correction)) })),
        response: answers(t.Object({ event: ListedEvent }), 400, 403, 404, 405, 422),
      },
    },
    async ({ organization, apiKeyId, now, params: { transaction_id }, body }) => {
      const given = isObject(body) && body.event != null ? givenOf(body.event) : {};
      const read = readGiven(given);
      const id = await voidEvent(corrections, { organization, apiKeyId, now }, transaction_id, read);
      return { event: await shown(corrections, organization.id, id) };
    },
  );
}

function amendRoute(server: Server, corrections: Corrections): void {
  server.post(
    "/events/:transaction_id/amend",
    {
      config,
      ...unchecked,
      schema: {
        operationId: "amendEvent",
        tags: ["events"],
        summary: "Put another event in an event's place",
        description:
          "A void and a new event, linked, in one step. What is not given stays as it was. Answers the new event and the one that it replaces.",
        params,
        body: t.Object({ event: AmendInput }),
        response: answers(t.Object({ event: ListedEvent, voided_event: ListedEvent }), 400, 403, 404, 405, 422, 429),
      },
    },
    async ({ organization, apiKeyId, now, params: { transaction_id }, body }) => {
      const given = givenOf(rootOf(body, "event"));
      const read = readGiven(given);
      const { original, key } = await amendEvent(
        corrections,
        { organization, apiKeyId, now },
        transaction_id,
        read,
        given,
      );
      const [event, voided_event] = await Promise.all([
        shown(corrections, organization.id, key),
        shown(corrections, organization.id, original.id),
      ]);
      return { event, voided_event };
    },
  );
}
