/** Which link of an external id the parts of a subscription are asked for. */
import { type Query, readOneOf } from "../http/query.ts";
import { t } from "../http/schemas.ts";
import { type Problem, refuseIfAny } from "../kernel/failure.ts";
import type { LinkNamed } from "./own-plan.ts";
import { STATUSES } from "./rules/request.ts";

const OneOrMore = t.Optional(t.Union([t.String(), t.Array(t.String())]));

export const LinkQuery = t.Object({ subscription_status: OneOrMore, status: OneOrMore });
export const PagedLinkQuery = t.Object({
  subscription_status: OneOrMore,
  status: OneOrMore,
  page: t.Optional(t.String()),
  per_page: t.Optional(t.String()),
});

/** The active one, unless the query asks for another status. */
export function linkNamed({ external_id }: { readonly external_id: string }, query: Query): LinkNamed {
  const problems: Problem[] = [];
  const named = readOneOf(query, "subscription_status", STATUSES, problems);
  const status = named ?? readOneOf(query, "status", STATUSES, problems);
  refuseIfAny(problems);
  return { externalId: external_id, status: status ?? "active" };
}
