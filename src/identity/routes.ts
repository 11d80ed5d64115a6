import type { App } from "../app.ts";
import { answers, optional, ShortText, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { type Problem, refuseIfAny } from "../kernel/failure.ts";
import { toSeconds } from "../kernel/wire.ts";
import { apiKeyRoutes } from "./api-keys-routes.ts";
import { createOrganization } from "./organizations.ts";
import { readEmail, readName } from "./rules.ts";
import { billingEntityRoutes, organizationRoutes } from "./settings-routes.ts";

/** The routes of an organization's own identity, under /api/v1. */
export function identityRoutes(server: Server, app: App): void {
  organizationRoutes(server, app);
  billingEntityRoutes(server, app);
  apiKeyRoutes(server, app);
}

const NewOrganization = t.Object({
  name: t.String({ minLength: 1, maxLength: 255 }),
  email: optional(ShortText),
  sandbox: optional(t.Boolean()),
});

const CreatedOrganization = t.Object({
  organization: t.Object({
    lago_id: t.String(),
    name: t.String(),
    slug: t.String(),
    sandbox: t.Boolean(),
    created_at: t.String(),
  }),
  api_key: t.String(),
});

/** The operator's routes, under /admin. */
export function adminRoutes(server: Server, app: App): void {
  server.post(
    "/organizations",
    {
      schema: {
        operationId: "createOrganization",
        tags: ["admin"],
        summary: "Create an organization",
        description: "Answers the organization's first API key, shown this once. A sandbox has a clock of its own.",
        security: [{ adminApiKey: [] }],
        body: t.Object({ organization: NewOrganization }),
        response: answers(CreatedOrganization, 400, 422),
      },
    },
    async (request) => {
      const { sandbox } = request.body.organization;
      const problems: Problem[] = [];
      const name = readName("name", request.body.organization.name, problems);
      const email = readEmail(request.body.organization.email, problems);
      refuseIfAny(problems);
      const { organization, apiKey } = await createOrganization(app.db, { name, email, sandbox: sandbox ?? false });
      return {
        organization: {
          lago_id: organization.id,
          name: organization.name,
          slug: organization.slug,
          sandbox: organization.sandbox,
          created_at: toSeconds(organization.createdAt),
        },
        api_key: apiKey,
      };
    },
  );
}
