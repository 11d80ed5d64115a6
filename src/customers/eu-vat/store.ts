/** The SQL of questions to VIES. */
import { type RawBuilder, type Selectable, sql } from "kysely";
import { realOrganizationsWith } from "../../identity/index.ts";
import type { Job } from "../../jobs/index.ts";
import { newId } from "../../kernel/ids.ts";
import type { Db, DbOrTx, Tx } from "../../storage/database.ts";
import type { ViesChecksTable } from "../../storage/tables.ts";
import type { ViesDetails } from "./vies.ts";

export type ViesCheck = Selectable<ViesChecksTable>;

/** By itself, not one of its rows alone. */
export interface CheckNamed {
  readonly organization_id: string;
  readonly customer_id: string;
  readonly check_id: string;
}

/** A question that nobody works on is asked again after this. */
const UNASKED_FOR = { hours: 1 };

/** Opens the question about a number; null where just that one is open already. Answers its id. */
export async function openCheck(
  tx: Tx,
  organizationId: string,
  customerId: string,
  number: string,
  now: Temporal.Instant,
): Promise<string | null> {
  const question = {
    id: newId(),
    tax_identification_number: number,
    status: "pending",
    attempts: 0,
    last_error: null,
    next_attempt_at: now.add(UNASKED_FOR),
    answer: null,
    created_at: now,
    answered_at: null,
  };
  const row = await tx
    .insertInto("vies_checks")
    .values({ organization_id: organizationId, customer_id: customerId, ...question })
    .onConflict((conflict) =>
      conflict
        .columns(["organization_id", "customer_id"])
        .doUpdateSet(question)
        .where((eb) =>
          eb.or([eb("vies_checks.status", "<>", "pending"), eb("vies_checks.tax_identification_number", "<>", number)]),
        ),
    )
    .returning("id")
    .executeTakeFirst();
  return row?.id ?? null;
}

export async function dropCheck(tx: Tx, organizationId: string, customerId: string): Promise<void> {
  await tx
    .deleteFrom("vies_checks")
    .where("organization_id", "=", organizationId)
    .where("customer_id", "=", customerId)
    .execute();
}

/** Null where it was answered, dropped, or asked anew about another number. */
export async function findOpenCheck(db: DbOrTx, { organization_id, customer_id, check_id }: CheckNamed) {
  const row = await db
    .selectFrom("vies_checks")
    .selectAll()
    .where("organization_id", "=", organization_id)
    .where("customer_id", "=", customer_id)
    .where("id", "=", check_id)
    .where("status", "=", "pending")
    .executeTakeFirst();
  return row ?? null;
}

export async function writeAnswer(
  tx: Tx,
  { organization_id, customer_id }: CheckNamed,
  status: "valid" | "invalid",
  details: ViesDetails | null,
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable("vies_checks")
    .set({
      status,
      answer: details === null ? null : JSON.stringify(details),
      attempts: sql<number>`attempts + 1`,
      last_error: null,
      next_attempt_at: null,
      answered_at: now,
    })
    .where("organization_id", "=", organization_id)
    .where("customer_id", "=", customer_id)
    .execute();
}

export async function postpone(
  tx: Tx,
  { organization_id, customer_id }: CheckNamed,
  failure: { readonly attempts: number; readonly error: string; readonly next_attempt_at: Temporal.Instant },
): Promise<void> {
  const { attempts, error, next_attempt_at } = failure;
  await tx
    .updateTable("vies_checks")
    .set({ attempts, last_error: error, next_attempt_at })
    .where("organization_id", "=", organization_id)
    .where("customer_id", "=", customer_id)
    .execute();
}

/** A job for each question whose next attempt is due: its payload and its key, in the order of their customers' ids. */
export const dueChecks = (
  organizationId: string,
  now: Temporal.Instant,
  { name }: Job<CheckNamed>,
): RawBuilder<{ payload: CheckNamed; key: string }> => sql`
  select json_build_object('organization_id', organization_id, 'customer_id', customer_id, 'check_id', id) as payload,
    ${name}::text || ':' || id as key
  from vies_checks where organization_id = ${organizationId}::uuid and next_attempt_at <= ${now.toString()}::timestamptz
  order by customer_id`;

/** When the first question is asked again that was asked fewer than `attempts` times; null: none is. */
export async function nextAttemptAt(
  db: DbOrTx,
  organizationId: string,
  attempts: number,
): Promise<Temporal.Instant | null> {
  const row = await db
    .selectFrom("vies_checks")
    .select((eb) => eb.fn.min("next_attempt_at").as("at"))
    .where("organization_id", "=", organizationId)
    .where("next_attempt_at", "is not", null)
    .where("attempts", "<", attempts)
    .executeTakeFirst();
  return row?.at ?? null;
}

/** Real organizations with questions whose next attempt is due. */
export function organizationsToAskFor(db: Db, machineNow: Temporal.Instant): Promise<string[]> {
  return realOrganizationsWith(
    db,
    sql`select from vies_checks v where v.organization_id = o.id and v.next_attempt_at <= ${machineNow.toString()}::timestamptz`,
  );
}

/**
 * Of these customers, those about whose VAT number VIES has not answered yet: until then their VAT is not known, and no
 * invoice of theirs can become final.
 */
export async function customersAwaitingVies(
  db: DbOrTx,
  organizationId: string,
  customerIds: readonly string[],
): Promise<Set<string>> {
  if (customerIds.length === 0) return new Set();
  const rows = await db
    .selectFrom("vies_checks")
    .select("customer_id")
    .where("organization_id", "=", organizationId)
    .where("customer_id", "=", sql<string>`any(${[...customerIds]}::uuid[])`)
    .where("status", "=", "pending")
    .execute();
  return new Set(rows.map(({ customer_id }) => customer_id));
}
