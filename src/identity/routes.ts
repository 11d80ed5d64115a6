import type { App } from "../app.ts";
import { answers, optional, ShortText, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { toSeconds } from "../kernel/wire.ts";
import { createOrganization } from "./organizations.ts";

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
      const { name, email, sandbox } = request.body.organization;
      const { organization, apiKey } = await createOrganization(app.db, {
        name,
        email: email ?? null,
        sandbox: sandbox ?? false,
      });
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
