import type { FastifyRequest } from "fastify";
import type { App } from "../app.ts";
import { type Query, readPage } from "../http/query.ts";
import { answers, DateTime, Meta, nullable, optional, PageQuery, Text, t, Uuid } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { pageMeta } from "../kernel/pages.ts";
import { type Asker, changeApiKey, createApiKey, deleteApiKey, readApiKey, rotateApiKey } from "./api-keys.ts";
import { listApiKeys } from "./api-keys-store.ts";
import { presentApiKey } from "./present.ts";

const Modes = t.Array(Text, { maxItems: 100 });
const Permissions = t.Record(t.String(), Modes, { maxProperties: 1000 });

const NewApiKey = t.Object({ name: optional(Text), permissions: optional(Permissions), expires_at: optional(Text) });
const ApiKeyUpdate = t.Object({ name: optional(Text), permissions: optional(Permissions) });
/** The body may be left out altogether. */
const Rotation = nullable(
  t.Object({ api_key: optional(t.Object({ name: optional(Text), expires_at: optional(Text) })) }),
);

const key = {
  lago_id: Uuid,
  name: nullable(t.String()),
  value_hint: t.String(),
  permissions: t.Record(t.String(), t.Array(t.Union([t.Literal("read"), t.Literal("write")]))),
  expires_at: nullable(DateTime),
  last_used_at: nullable(DateTime),
  created_at: DateTime,
};
const ApiKeyAnswer = t.Object({ api_key: t.Object(key) });
const CreatedAnswer = t.Object({ api_key: t.Object({ ...key, value: t.String() }) });

const askerOf = ({ organization, permissions, now }: FastifyRequest): Asker => ({ organization, permissions, now });

const config = { resource: "api_key" };
const tags = ["api keys"];
const params = t.Object({ id: t.String() });

export function apiKeyRoutes(server: Server, app: App): void {
  readingRoutes(server, app);
  changingRoutes(server, app);

  server.post(
    "/api_keys",
    {
      config,
      schema: {
        operationId: "createApiKey",
        tags,
        summary: "Create an API key",
        description: "Answers its value, shown this once. Without `permissions` it may do everything.",
        body: t.Object({ api_key: NewApiKey }),
        response: answers(CreatedAnswer, 400, 403, 422),
      },
    },
    async (request) => {
      const { apiKey, value } = await createApiKey(app, askerOf(request), request.body.api_key);
      return { api_key: { ...presentApiKey(apiKey), value } };
    },
  );

  server.post(
    "/api_keys/:id/rotate",
    {
      config,
      schema: {
        operationId: "rotateApiKey",
        tags,
        summary: "Replace an API key",
        description: "The new key has the old one's permissions. The old one ends at `expires_at`, by default at once.",
        params,
        body: Rotation,
        response: answers(CreatedAnswer, 400, 403, 404, 422),
      },
    },
    async (request) => {
      const { apiKey, value } = await rotateApiKey(
        app,
        askerOf(request),
        request.params.id,
        request.body?.api_key ?? {},
      );
      return { api_key: { ...presentApiKey(apiKey), value } };
    },
  );
}

function readingRoutes(server: Server, app: App): void {
  server.get(
    "/api_keys",
    {
      config,
      schema: {
        operationId: "listApiKeys",
        tags,
        summary: "List the API keys that have not ended",
        querystring: t.Object(PageQuery),
        response: answers(t.Object({ api_keys: t.Array(t.Object(key)), meta: Meta }), 403, 422),
      },
    },
    async (request) => {
      const page = readPage(request.query as Query);
      const { keys, count } = await listApiKeys(app.db, request.organization.id, request.now, page);
      return { api_keys: keys.map(presentApiKey), meta: pageMeta(page, count) };
    },
  );

  server.get(
    "/api_keys/:id",
    {
      config,
      schema: {
        operationId: "findApiKey",
        tags,
        summary: "Show an API key",
        params,
        response: answers(ApiKeyAnswer, 403, 404),
      },
    },
    async (request) => ({ api_key: presentApiKey(await readApiKey(app, askerOf(request), request.params.id)) }),
  );
}

function changingRoutes(server: Server, app: App): void {
  server.put(
    "/api_keys/:id",
    {
      config,
      schema: {
        operationId: "updateApiKey",
        tags,
        summary: "Change an API key's name or permissions",
        params,
        body: t.Object({ api_key: ApiKeyUpdate }),
        response: answers(ApiKeyAnswer, 400, 403, 404, 422),
      },
    },
    async (request) => ({
      api_key: presentApiKey(await changeApiKey(app, askerOf(request), request.params.id, request.body.api_key)),
    }),
  );

  server.delete(
    "/api_keys/:id",
    {
      config,
      schema: {
        operationId: "destroyApiKey",
        tags,
        summary: "End an API key now",
        description: "The last key that does not expire cannot be ended.",
        params,
        response: answers(ApiKeyAnswer, 403, 404, 405),
      },
    },
    async (request) => ({ api_key: presentApiKey(await deleteApiKey(app, askerOf(request), request.params.id)) }),
  );
}
