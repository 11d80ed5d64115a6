import type { App } from "../app.ts";
import { answers, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { presentBillingEntity, presentBillingEntityExtended, presentOrganization } from "./present.ts";
import {
  BillingEntityAnswer,
  BillingEntityExtendedAnswer,
  BillingEntityInput,
  BillingEntityUpdate,
  OrganizationAnswer,
  OrganizationInput,
} from "./schemas.ts";
import {
  changeBillingEntity,
  changeOrganization,
  createBillingEntity,
  readBillingEntity,
  readOrganization,
} from "./settings.ts";
import { listBillingEntities } from "./settings-store.ts";

/** The organization of the key itself: no id in the path. */
export function organizationRoutes(server: Server, app: App): void {
  const config = { resource: "organization" };
  const tags = ["organizations"];
  const answer = t.Object({ organization: OrganizationAnswer });

  server.get(
    "/organizations",
    {
      config,
      schema: {
        operationId: "findOrganization",
        tags,
        summary: "Show the organization",
        response: answers(answer, 403),
      },
    },
    async (request) => {
      const { organization, entity } = await readOrganization(app, request.organization);
      return { organization: presentOrganization(organization, entity) };
    },
  );

  server.put(
    "/organizations",
    {
      config,
      schema: {
        operationId: "updateOrganization",
        tags,
        summary: "Change the organization's settings",
        description: "They are the settings of its default billing entity. Keys that are absent stay as they are.",
        body: t.Object({ organization: OrganizationInput }),
        response: answers(answer, 400, 403, 404, 422),
      },
    },
    async (request) => {
      const settings = await changeOrganization(app, request.organization, request.body.organization, request.now);
      return { organization: presentOrganization(settings.organization, settings.entity) };
    },
  );
}

const billingEntity = { config: { resource: "billing_entity" }, tags: ["billing entities"] };

export function billingEntityRoutes(server: Server, app: App): void {
  const { config, tags } = billingEntity;
  singleBillingEntityRoutes(server, app);

  server.get(
    "/billing_entities",
    {
      config,
      schema: {
        operationId: "listBillingEntities",
        tags,
        summary: "List the active billing entities, oldest first",
        description: "All of them: this list has no pages. The first is the default.",
        response: answers(t.Object({ billing_entities: t.Array(BillingEntityAnswer) }), 403),
      },
    },
    async (request) => {
      const entities = await listBillingEntities(app.db, request.organization.id);
      return { billing_entities: entities.map((entity, index) => presentBillingEntity(entity, index === 0)) };
    },
  );

  server.post(
    "/billing_entities",
    {
      config,
      schema: {
        operationId: "createBillingEntity",
        tags,
        summary: "Create a billing entity",
        body: t.Object({ billing_entity: BillingEntityInput }),
        response: answers(t.Object({ billing_entity: BillingEntityAnswer }), 400, 403, 404, 422),
      },
    },
    async (request) => {
      const { billing_entity: input } = request.body;
      const { entity, isDefault } = await createBillingEntity(app, request.organization, input, request.now);
      return { billing_entity: presentBillingEntity(entity, isDefault) };
    },
  );
}

function singleBillingEntityRoutes(server: Server, app: App): void {
  const { config, tags } = billingEntity;
  const params = t.Object({ code: t.String() });
  const extended = t.Object({ billing_entity: BillingEntityExtendedAnswer });

  server.get(
    "/billing_entities/:code",
    {
      config,
      schema: {
        operationId: "getBillingEntity",
        tags,
        summary: "Show a billing entity",
        params,
        response: answers(extended, 403, 404),
      },
    },
    async (request) => {
      const { entity, isDefault } = await readBillingEntity(app, request.organization, request.params.code);
      return { billing_entity: presentBillingEntityExtended(entity, isDefault) };
    },
  );

  server.put(
    "/billing_entities/:code",
    {
      config,
      schema: {
        operationId: "updateBillingEntity",
        tags,
        summary: "Change a billing entity",
        description: "Keys that are absent stay as they are. The code cannot be changed.",
        params,
        body: t.Object({ billing_entity: BillingEntityUpdate }),
        response: answers(extended, 400, 403, 404, 422),
      },
    },
    async (request) => {
      const { organization, params: path, body, now } = request;
      const { entity, isDefault } = await changeBillingEntity(app, organization, path.code, body.billing_entity, now);
      return { billing_entity: presentBillingEntityExtended(entity, isDefault) };
    },
  );
}
