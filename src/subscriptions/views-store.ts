/** Subscriptions with what answers show of their customers and plans: one statement for any number. */
import { type Expression, type SqlBool, sql } from "kysely";
import type { Interval } from "../catalog/index.ts";
import { isUuid } from "../kernel/ids.ts";
import { offsetOf, type Page } from "../kernel/pages.ts";
import type { DbOrTx } from "../storage/database.ts";
import type { SubscriptionStatus, SubscriptionView } from "./model.ts";
import { subscriptionOf } from "./store.ts";

/** What a list asks for; empty lists and nulls ask for nothing. */
export interface Filters {
  readonly statuses: readonly SubscriptionStatus[];
  readonly external_customer_id: string | null;
  readonly customer_id: string | null;
  readonly plan_code: string | null;
  readonly external_id: string | null;
  readonly currency: string | null;
  /** Whether its plan is one of its own. */
  readonly overridden: boolean | null;
  readonly billing_entity_codes: readonly string[];
}

function views(db: DbOrTx, organizationId: string) {
  return db
    .selectFrom("subscriptions as s")
    .innerJoin("customers as c", (join) =>
      join.onRef("c.organization_id", "=", "s.organization_id").onRef("c.id", "=", "s.customer_id"),
    )
    .innerJoin("plans as p", (join) =>
      join.onRef("p.organization_id", "=", "s.organization_id").onRef("p.id", "=", "s.plan_id"),
    )
    .innerJoin("billing_entities as ce", (join) =>
      join.onRef("ce.organization_id", "=", "c.organization_id").onRef("ce.id", "=", "c.billing_entity_id"),
    )
    .innerJoin("billing_entities as e", (join) =>
      join
        .onRef("e.organization_id", "=", "s.organization_id")
        .on((eb) => eb("e.id", "=", eb.fn.coalesce("s.billing_entity_id", "c.billing_entity_id"))),
    )
    .where("s.organization_id", "=", organizationId);
}

/** The links before and behind it, for the few rows that are shown. */
const neighbours = sql<Neighbours>`(
  select jsonb_build_object(
    'previous_plan_code', (
      select p.code from subscriptions o join plans p on p.organization_id = o.organization_id and p.id = o.plan_id
      where o.organization_id = s.organization_id and o.id = s.previous_subscription_id
    ),
    'next', (
      select jsonb_build_object('plan_code', p.code, 'status', o.status, 'started_at', o.started_at)
      from subscriptions o join plans p on p.organization_id = o.organization_id and p.id = o.plan_id
      where o.organization_id = s.organization_id and o.previous_subscription_id = s.id and o.status <> 'canceled'
      order by o.ordinal desc limit 1
    )
  )
)`;

interface Neighbours {
  readonly previous_plan_code: string | null;
  readonly next: {
    readonly plan_code: string;
    readonly status: SubscriptionStatus;
    readonly started_at: string | null;
  } | null;
}

const withColumns = (query: ReturnType<typeof views>) =>
  query.selectAll("s").select([
    "c.external_id as external_customer_id",
    "c.timezone as customer_timezone",
    // The customer's own entity decides, not the subscription's (0.2 of the subscriptions spec).
    "ce.timezone as entity_timezone",
    "e.code as billing_entity_code",
    "p.code as plan_code",
    "p.amount_cents",
    "p.amount_currency",
    "p.interval",
    "p.pay_in_advance",
    "p.bill_charges_monthly",
    "p.bill_fixed_charges_monthly",
    neighbours.as("neighbours"),
  ]);

type Row = Awaited<ReturnType<ReturnType<typeof withColumns>["executeTakeFirstOrThrow"]>>;

function viewOf(row: Row): SubscriptionView {
  const { previous_plan_code, next } = row.neighbours;
  const startedAt = next?.started_at ?? null;
  return {
    ...subscriptionOf(row),
    external_customer_id: row.external_customer_id,
    timezone: row.customer_timezone ?? row.entity_timezone,
    billing_entity_code: row.billing_entity_code,
    previous_plan_code,
    next: next && { ...next, started_at: startedAt === null ? null : Temporal.Instant.from(startedAt) },
    plan: {
      code: row.plan_code,
      amount_cents: row.amount_cents,
      amount_currency: row.amount_currency,
      interval: row.interval as Interval,
      pay_in_advance: row.pay_in_advance,
      bill_charges_monthly: row.bill_charges_monthly ?? false,
      bill_fixed_charges_monthly: row.bill_fixed_charges_monthly ?? false,
    },
  };
}

/** By id; ids that name nothing are left out. */
export async function loadViews(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, SubscriptionView>> {
  const wanted = ids.filter(isUuid);
  if (wanted.length === 0) return new Map();
  const rows = await withColumns(views(db, organizationId))
    .where("s.id", "=", sql<string>`any(${wanted}::uuid[])`)
    .execute();
  return new Map(rows.map((row) => [row.id, viewOf(row)]));
}

/** The latest anchor first, then the latest creation (2.15 of the subscriptions spec), then the order of insertion. */
export async function listViews(
  db: DbOrTx,
  organizationId: string,
  filters: Filters,
  page: Page,
): Promise<{ subscriptions: SubscriptionView[]; count: number }> {
  const query = views(db, organizationId).where((eb) => {
    const all: Expression<SqlBool>[] = [];
    const equal = (
      column: "c.external_id" | "s.customer_id" | "p.code" | "s.external_id" | "p.amount_currency",
      value: string | null,
    ) => {
      if (value !== null) all.push(eb(column, "=", value));
    };
    equal("c.external_id", filters.external_customer_id);
    equal("s.customer_id", filters.customer_id);
    equal("p.code", filters.plan_code);
    equal("s.external_id", filters.external_id);
    equal("p.amount_currency", filters.currency);
    const among = (column: "s.status" | "e.code", values: readonly string[]) => {
      if (values.length > 0) all.push(eb(column, "=", sql<string>`any(${[...values]}::text[])`));
    };
    among("s.status", filters.statuses);
    among("e.code", filters.billing_entity_codes);
    if (filters.overridden !== null) all.push(eb("p.parent_id", filters.overridden ? "is not" : "is", null));
    return eb.and(all);
  });
  const rows = await withColumns(query)
    .orderBy("s.subscription_at", (order) => order.desc().nullsLast())
    .orderBy("s.created_at", "desc")
    .orderBy("s.ordinal", "desc")
    .limit(page.perPage)
    .offset(offsetOf(page))
    .execute();
  const { count } = await query.select((eb) => eb.fn.countAll<bigint>().as("count")).executeTakeFirstOrThrow();
  return { subscriptions: rows.map(viewOf), count: Number(count) };
}
