/** The HTTP contract of a plan's metadata. */
import type { App } from "../app.ts";
import { answers, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { changePlanMetadata } from "./plan-metadata-service.ts";
import { MetadataBody, OneMetadata } from "./plan-part-schemas.ts";
import { CodeParams } from "./schemas.ts";

const config = { resource: "plan" };
const tags = ["plans"];

export function planMetadataRoutes(server: Server, app: App): void {
  metadataWriting(server, app);
  metadataRemoving(server, app);
}

function metadataWriting(server: Server, app: App): void {
  const shape = { params: CodeParams, body: MetadataBody, response: answers(OneMetadata, 400, 404, 422) };
  server.post(
    "/plans/:code/metadata",
    { config, schema: { operationId: "replacePlanMetadata", tags, summary: "Replace plan metadata", ...shape } },
    async ({ organization, params, body, now }) => ({
      metadata: await changePlanMetadata(
        app,
        organization,
        params.code,
        { kind: "replace", given: body.metadata },
        now,
      ),
    }),
  );

  for (const [method, operationId] of [
    ["PATCH", "mergePlanMetadata"],
    ["PUT", "updatePlanMetadata"],
  ] as const) {
    server.route({
      method,
      url: "/plans/:code/metadata",
      config,
      schema: {
        operationId,
        tags,
        summary: "Merge plan metadata",
        description: "What is sent goes over what is there.",
        ...shape,
      },
      handler: async ({ organization, params, body, now }) => ({
        metadata: await changePlanMetadata(
          app,
          organization,
          params.code,
          { kind: "merge", given: body.metadata },
          now,
        ),
      }),
    });
  }
}

function metadataRemoving(server: Server, app: App): void {
  server.delete(
    "/plans/:code/metadata",
    {
      config,
      schema: {
        operationId: "deleteAllPlanMetadata",
        tags,
        summary: "Delete all plan metadata",
        params: CodeParams,
        response: answers(OneMetadata, 404),
      },
    },
    async ({ organization, params, now }) => ({
      metadata: await changePlanMetadata(app, organization, params.code, { kind: "replace", given: null }, now),
    }),
  );

  server.delete(
    "/plans/:code/metadata/:key",
    {
      config,
      schema: {
        operationId: "deletePlanMetadataKey",
        tags,
        summary: "Delete a plan metadata key",
        description: "A key that is not there changes nothing.",
        params: t.Object({ code: t.String(), key: t.String() }),
        response: answers(OneMetadata, 404),
      },
    },
    async ({ organization, params, now }) => ({
      metadata: await changePlanMetadata(app, organization, params.code, { kind: "remove_key", key: params.key }, now),
    }),
  );
}
