/** Events over HTTP. Their bodies are checked by rules/event.ts alone: it proves them storable as it reads them. */
import { type Query, readPage, readRange, readText } from "../http/query.ts";
import { answers, Meta, PageQuery, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { badRequest, type Problem, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { pageMeta } from "../kernel/pages.ts";
import { presentEvent, presentStoredNow } from "./present.ts";
import { EventAnswer, EventInput, ListedEvent, rootOf, unchecked } from "./schemas.ts";
import { BULK_EVENTS_MAX, ingestBatch, ingestBulk, ingestEvent, type Metering } from "./service.ts";
import { countEvents, findEvent, listEvents } from "./store.ts";

const BulkResult = t.Object({
  status: t.Union([t.Literal("accepted"), t.Literal("duplicate"), t.Literal("invalid")]),
  error_details: t.Optional(t.Union([t.Record(t.String(), t.Array(t.String())), t.String()])),
});

const BULK_BODY_BYTES_MAX = 20 * 1_048_576;

const config = { resource: "event" };
// A line per event would cost as much as the event: only what goes wrong is logged.
const quiet = { logLevel: "warn" as const, config };

export function eventRoutes(server: Server, metering: Metering): void {
  sendingRoutes(server, metering);
  server.register(async (scope) => bulkRoute(scope, metering));
  readingRoutes(server, metering);
}

function sendingRoutes(server: Server, metering: Metering): void {
  server.post(
    "/events",
    {
      ...quiet,
      ...unchecked,
      schema: {
        operationId: "createEvent",
        tags: ["events"],
        summary: "Send an event",
        description:
          "Answered when it is durable. A transaction id that the subscription sent before is refused with 422, which a client that retries may take for success.",
        body: t.Object({ event: EventInput }),
        response: answers(t.Object({ event: EventAnswer }), 400, 403, 422, 429),
      },
    },
    async (request, reply) => {
      const stored = await ingestEvent(metering, request.organization, rootOf(request.body, "event"), request.now);
      return reply.type("application/json").send(`{"event":${presentStoredNow([stored], request.now)}}`);
    },
  );

  server.post(
    "/events/batch",
    {
      ...quiet,
      ...unchecked,
      schema: {
        operationId: "createBatchEvents",
        tags: ["events"],
        summary: "Send up to 100 events",
        description:
          "All or nothing: one invalid or repeated event refuses the batch, and the answer names each by its index.",
        body: t.Object({ events: t.Array(EventInput, { minItems: 1, maxItems: 100 }) }),
        response: answers(t.Object({ events: t.Array(EventAnswer) }), 400, 403, 422, 429),
      },
    },
    async (request, reply) => {
      const body = request.body as { events?: unknown } | undefined;
      if (typeof body !== "object" || body === null || Array.isArray(body))
        throw badRequest("param is missing or the value is empty or invalid: events");
      const stored = await ingestBatch(metering, request.organization, body.events, request.now);
      return reply.type("application/json").send(`{"events":[${presentStoredNow(stored, request.now)}]}`);
    },
  );
}

function bulkRoute(scope: Server, metering: Metering): void {
  // The lines are read one by one: the body is taken as text, whatever it is called.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "string", bodyLimit: BULK_BODY_BYTES_MAX }, (_request, body, done) =>
    done(null, body),
  );
  scope.post(
    "/events/bulk",
    {
      ...quiet,
      ...unchecked,
      bodyLimit: BULK_BODY_BYTES_MAX,
      schema: {
        operationId: "createBulkEvents",
        tags: ["events"],
        summary: `Send up to ${BULK_EVENTS_MAX.toLocaleString("en")} events`,
        description:
          "NDJSON (one event per line) or a JSON array, up to 20 MB. Answers one result per line, in order; what was stored before is a duplicate, so that a retry of a whole file is harmless.",
        consumes: ["application/x-ndjson", "application/json"],
        body: t.Array(EventInput),
        response: answers(t.Object({ results: t.Array(BulkResult) }), 400, 403, 413, 429),
      },
    },
    async (request) => {
      if (typeof request.body !== "string")
        throw badRequest("the body is empty: send one event per line, or a JSON array of events");
      return { results: await ingestBulk(metering, request.organization, request.body, request.now) };
    },
  );
}

function readingRoutes(server: Server, metering: Metering): void {
  const { db } = metering.app;

  server.get(
    "/events",
    {
      config,
      schema: {
        operationId: "findAllEvents",
        tags: ["events"],
        summary: "List events, newest first",
        querystring: t.Object({
          ...PageQuery,
          code: t.Optional(t.String()),
          external_subscription_id: t.Optional(t.String()),
          timestamp_from: t.Optional(t.String()),
          timestamp_to: t.Optional(t.String()),
        }),
        response: answers(t.Object({ events: t.Array(ListedEvent), meta: Meta }), 403, 422),
      },
    },
    async (request) => {
      const query = request.query as Query;
      const page = readPage(query);
      const problems: Problem[] = [];
      const filter = {
        code: readText(query, "code"),
        externalSubscriptionId: readText(query, "external_subscription_id"),
        ...readRange(query, "timestamp", problems),
      };
      if (readText(query, "timestamp_from_started_at") !== null)
        problems.push({ field: "timestamp_from_started_at", code: "not_supported_yet" });
      refuseIfAny(problems);
      const [events, total] = await Promise.all([
        listEvents(db, request.organization.id, filter, page),
        countEvents(db, request.organization.id, filter),
      ]);
      return { events: events.map(presentEvent), meta: pageMeta(page, total) };
    },
  );

  server.get(
    "/events/:transaction_id",
    {
      config,
      schema: {
        operationId: "findEvent",
        tags: ["events"],
        summary: "Find an event by its transaction id",
        params: t.Object({ transaction_id: t.String() }),
        response: answers(t.Object({ event: ListedEvent }), 403, 404),
      },
    },
    async (request) => {
      const event = await findEvent(db, request.organization.id, request.params.transaction_id);
      if (event === null) throw new Refusal("event_not_found");
      return { event: presentEvent(event) };
    },
  );
}
