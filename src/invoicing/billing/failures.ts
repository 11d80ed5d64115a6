/** Customers whose billing failed: set aside with the reason, and tried again with growing delays. */
import { type RawBuilder, sql } from "kysely";
import { realOrganizationsWith } from "../../identity/index.ts";
import type { Db, DbOrTx } from "../../storage/database.ts";

export interface Failure {
  readonly customerId: string;
  readonly error: string;
}

/** Hours until the next attempt after the first failure, the second, …; the last one for all further ones. */
const RETRY_AFTER_HOURS = [1, 2, 4, 8, 24] as const;
const ERROR_LENGTH_MAX = 2_000;

/** `now` is the organization's time: a retry is business, due when its clock says so. */
export async function setAside(
  db: DbOrTx,
  organizationId: string,
  failures: readonly Failure[],
  now: Temporal.Instant,
): Promise<void> {
  if (failures.length === 0) return;
  await sql`
    insert into billing_failures as b (organization_id, customer_id, error, failed_at, retry_at)
    select ${organizationId}::uuid, f.customer_id, f.error, ${now.toString()}::timestamptz,
      ${now.add({ hours: RETRY_AFTER_HOURS[0] }).toString()}::timestamptz
    from unnest(
      ${failures.map(({ customerId }) => customerId)}::uuid[],
      ${failures.map(({ error }) => error.replaceAll("\u0000", "").slice(0, ERROR_LENGTH_MAX))}::text[]
    ) as f(customer_id, error)
    order by f.customer_id
    on conflict (organization_id, customer_id) do update set
      error = excluded.error, attempts = b.attempts + 1, failed_at = excluded.failed_at,
      retry_at = excluded.failed_at + make_interval(hours => (${[...RETRY_AFTER_HOURS]}::int[])[least(b.attempts + 1, ${RETRY_AFTER_HOURS.length}::int)])`.execute(
    db,
  );
}

/** Of customers that were billed, or have nothing due any more. */
export async function forgetFailures(
  db: DbOrTx,
  organizationId: string,
  customerIds: readonly string[],
): Promise<void> {
  if (customerIds.length === 0) return;
  await db
    .deleteFrom("billing_failures")
    .where("organization_id", "=", organizationId)
    .where((eb) => eb("customer_id", "=", eb.fn.any(eb.val([...customerIds]))))
    .execute();
}

/** Of these customers, those that are set aside: whether each is due for another attempt. */
export async function failuresOf(
  db: DbOrTx,
  organizationId: string,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<Map<string, { readonly isRetryDue: boolean }>> {
  const rows = await db
    .selectFrom("billing_failures")
    .select(["customer_id", "retry_at"])
    .where("organization_id", "=", organizationId)
    .where((eb) => eb("customer_id", "=", eb.fn.any(eb.val([...customerIds]))))
    .execute();
  return new Map(
    rows.map(({ customer_id, retry_at }) => [
      customer_id,
      { isRetryDue: Temporal.Instant.compare(retry_at, now) <= 0 },
    ]),
  );
}

/** Customers whose next attempt is due, as a query of the column `customer_id`. */
export const customersToRetry = (
  organizationId: string,
  now: Temporal.Instant,
): RawBuilder<{ customer_id: string }> => sql`
  select customer_id from billing_failures
  where organization_id = ${organizationId}::uuid and retry_at <= ${now.toString()}::timestamptz`;

/** Customers that are set aside, and whose next attempt is not due yet, as a query. */
export const customersWaiting = (
  organizationId: string,
  now: Temporal.Instant,
): RawBuilder<{ customer_id: string }> => sql`
  select customer_id from billing_failures
  where organization_id = ${organizationId}::uuid and retry_at > ${now.toString()}::timestamptz`;

/** The first attempt that falls due in (after, until]. */
export async function nextRetryAt(
  db: DbOrTx,
  organizationId: string,
  after: Temporal.Instant,
  until: Temporal.Instant,
): Promise<Temporal.Instant | null> {
  const row = await db
    .selectFrom("billing_failures")
    .select((eb) => eb.fn.min("retry_at").as("retry_at"))
    .where("organization_id", "=", organizationId)
    .where("retry_at", ">", after)
    .where("retry_at", "<=", until)
    .executeTakeFirst();
  return (row?.retry_at as Temporal.Instant | null | undefined) ?? null;
}

/** Real organizations that have set-aside customers whose next attempt is due. */
export function organizationsToRetry(db: Db, machineNow: Temporal.Instant): Promise<string[]> {
  return realOrganizationsWith(
    db,
    sql`select from billing_failures f where f.organization_id = o.id and f.retry_at <= ${machineNow.toString()}::timestamptz`,
  );
}
