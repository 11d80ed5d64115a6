/** The SQL of a subscription's steps from one state to the next, for any number at once. Each is a compare-and-set of the state. */
import { sql } from "kysely";
import { invalid } from "../kernel/failure.ts";
import { type Tx, violatedConstraint } from "../storage/database.ts";
import type { EndedBy, Subscription } from "./model.ts";
import { subscriptionOf } from "./store.ts";

/** Locks these, in order of id, against others who change them. */
export async function lockSubscriptions(
  tx: Tx,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, Subscription>> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .selectFrom("subscriptions")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${[...ids]}::uuid[])`)
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
  return new Map(rows.map((row) => [row.id, subscriptionOf(row)]));
}

/** Locks the customers of subscriptions that change, in order of id: a billing run holds them while it writes. */
export async function lockCustomers(tx: Tx, organizationId: string, customerIds: readonly string[]): Promise<void> {
  if (customerIds.length === 0) return;
  await tx
    .selectFrom("customers")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${[...new Set(customerIds)]}::uuid[])`)
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
}

function assertAll(changed: bigint | undefined, wanted: number, what: string): void {
  if (changed !== BigInt(wanted))
    throw new Error(
      `${wanted - Number(changed ?? 0n)} of ${wanted} subscriptions were ${what} by someone else meanwhile`,
    );
}

export type StartedLink = Pick<
  Subscription,
  "id" | "started_at" | "activated_at" | "trial_ends_at" | "trial_ended_at" | "bills_start" | "pauses"
>;

/** Pending or incomplete ones become active: 422 where an active one has the external id. Throws where one is neither any more. */
export async function startLinks(
  tx: Tx,
  organizationId: string,
  links: readonly StartedLink[],
  now: Temporal.Instant,
): Promise<void> {
  if (links.length === 0) return;
  const instants = (read: (link: StartedLink) => Temporal.Instant | null) =>
    links.map((link) => read(link)?.toString() ?? null);
  const { numAffectedRows } = await sql`
    update subscriptions s set status = 'active', started_at = v.started_at, activated_at = v.activated_at,
      trial_ends_at = v.trial_ends_at, trial_ended_at = v.trial_ended_at, bills_start = v.bills_start, pauses = v.pauses, updated_at = ${now.toString()}::timestamptz
    from unnest(
      ${links.map(({ id }) => id)}::uuid[], ${instants(({ started_at }) => started_at)}::timestamptz[],
      ${instants(({ activated_at }) => activated_at)}::timestamptz[],
      ${instants(({ trial_ends_at }) => trial_ends_at)}::timestamptz[],
      ${instants(({ trial_ended_at }) => trial_ended_at)}::timestamptz[],
      ${links.map(({ bills_start }) => bills_start)}::boolean[], ${links.map(({ pauses }) => JSON.stringify(pauses))}::jsonb[]
    ) as v(id, started_at, activated_at, trial_ends_at, trial_ended_at, bills_start, pauses)
    where s.organization_id = ${organizationId}::uuid and s.id = v.id and s.status in ('pending', 'incomplete')`
    .execute(tx)
    .catch((error: unknown) => {
      throw violatedConstraint(error) === "subscriptions_active"
        ? invalid("external_id", "value_already_exist")
        : error;
    });
  assertAll(numAffectedRows, links.length, "changed");
}

export interface EndedLink {
  readonly id: string;
  readonly terminated_at: Temporal.Instant;
  readonly terminated_by: EndedBy;
  readonly on_termination_credit_note: string | null;
  readonly on_termination_invoice: string;
}

/** Active ones end. Throws where one is not active any more. */
export async function endLinks(
  tx: Tx,
  organizationId: string,
  links: readonly EndedLink[],
  now: Temporal.Instant,
): Promise<void> {
  if (links.length === 0) return;
  const { numAffectedRows } = await sql`
    update subscriptions s set status = 'terminated', terminated_at = v.terminated_at, terminated_by = v.terminated_by,
      on_termination_credit_note = v.credit_note, on_termination_invoice = v.invoice, updated_at = ${now.toString()}::timestamptz
    from unnest(
      ${links.map(({ id }) => id)}::uuid[], ${links.map(({ terminated_at }) => terminated_at.toString())}::timestamptz[],
      ${links.map(({ terminated_by }) => terminated_by)}::text[],
      ${links.map(({ on_termination_credit_note }) => on_termination_credit_note)}::text[],
      ${links.map(({ on_termination_invoice }) => on_termination_invoice)}::text[]
    ) as v(id, terminated_at, terminated_by, credit_note, invoice)
    where s.organization_id = ${organizationId}::uuid and s.id = v.id and s.status = 'active'`.execute(tx);
  assertAll(numAffectedRows, links.length, "ended");
}

/** Pending or incomplete ones never begin. Answers those that were still waiting. */
export async function cancelLinks(
  tx: Tx,
  organizationId: string,
  ids: readonly string[],
  now: Temporal.Instant,
  reason: "payment_failed" | "timeout" | null = null,
): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await tx
    .updateTable("subscriptions")
    .set({ status: "canceled", canceled_at: now, cancellation_reason: reason, updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${[...ids]}::uuid[])`)
    .where("status", "in", ["pending", "incomplete"])
    .returning("id")
    .execute();
  return rows.map(({ id }) => id);
}

/** The trials of these are over. */
export async function endTrials(
  tx: Tx,
  organizationId: string,
  ends: readonly { readonly subscription_id: string; readonly at: Temporal.Instant }[],
  now: Temporal.Instant,
): Promise<void> {
  if (ends.length === 0) return;
  await sql`
    update subscriptions s set trial_ended_at = v.at, updated_at = ${now.toString()}::timestamptz
    from unnest(
      ${ends.map(({ subscription_id }) => subscription_id)}::uuid[], ${ends.map(({ at }) => at.toString())}::timestamptz[]
    ) as v(id, at)
    where s.organization_id = ${organizationId}::uuid and s.id = v.id`.execute(tx);
}

/** Their activation rules as they stand now. */
export async function setRules(
  tx: Tx,
  organizationId: string,
  subscriptions: readonly Pick<Subscription, "id" | "activation_rules">[],
  now: Temporal.Instant,
): Promise<void> {
  if (subscriptions.length === 0) return;
  await sql`
    update subscriptions s set activation_rules = v.rules, updated_at = ${now.toString()}::timestamptz
    from unnest(
      ${subscriptions.map(({ id }) => id)}::uuid[],
      ${subscriptions.map(({ activation_rules }) => JSON.stringify(activation_rules))}::jsonb[]
    ) as v(id, rules)
    where s.organization_id = ${organizationId}::uuid and s.id = v.id`.execute(tx);
}

/** Pending ones have started, but are not active: something holds them back. */
export async function holdLinks(
  tx: Tx,
  organizationId: string,
  links: readonly Pick<Subscription, "id" | "started_at" | "trial_ends_at">[],
  now: Temporal.Instant,
): Promise<void> {
  if (links.length === 0) return;
  await sql`
    update subscriptions s set status = 'incomplete', started_at = v.started_at, trial_ends_at = v.trial_ends_at,
      updated_at = ${now.toString()}::timestamptz
    from unnest(
      ${links.map(({ id }) => id)}::uuid[], ${links.map(({ started_at }) => started_at?.toString() ?? null)}::timestamptz[],
      ${links.map(({ trial_ends_at }) => trial_ends_at?.toString() ?? null)}::timestamptz[]
    ) as v(id, started_at, trial_ends_at)
    where s.organization_id = ${organizationId}::uuid and s.id = v.id and s.status = 'pending'`.execute(tx);
}
