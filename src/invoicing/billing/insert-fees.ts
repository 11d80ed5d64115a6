/** The SQL of writing fees: one statement for any number of them. */
import { type RawBuilder, sql } from "kysely";
import { plainArray, textArray } from "../../storage/arrays.ts";
import type { Tx } from "../../storage/database.ts";
import type { BilledPeriod, PlannedFee } from "../model.ts";
import { groupHash } from "../usage/weighted-levels.ts";
import { spelling } from "./store.ts";

/** Of a fee's subscription and plan, what its row says. */
export interface FeeOwner {
  readonly subscription: Pick<BilledPeriod["subscription"], "id" | "customer_id">;
  readonly plan: Pick<BilledPeriod["plan"], "id" | "version_no" | "amount_currency">;
}

export interface NewFee {
  readonly id: string;
  readonly owner: FeeOwner;
  readonly fee: PlannedFee;
  /** Null: a fee of its own. */
  readonly invoice_id: string | null;
  readonly true_up_parent_fee_id: string | null;
  /** The event that it is charged for in advance. */
  readonly event_transaction_id: string | null;
}

type Value = string | number | bigint | boolean | null;

interface Column {
  readonly name: string;
  readonly type: string;
  /** One for each row. */
  readonly values: readonly Value[];
  readonly toArray: () => string;
}

/** Columns of these rows: plain ones hold uuids, numbers, instants and the like; a null in JSON is SQL's. */
function columnsOf<Row>(rows: readonly Row[]) {
  const text = (name: string, type: string, read: (row: Row) => string | null): Column => {
    const values = rows.map(read);
    return { name, type, values, toArray: () => textArray(values) };
  };
  return {
    plain(name: string, type: string, read: (row: Row) => Value): Column {
      const values = rows.map(read);
      return { name, type, values, toArray: () => plainArray(values) };
    },
    text: (name: string, read: (row: Row) => string | null) => text(name, "text", read),
    json(name: string, read: (row: Row) => unknown): Column {
      return text(name, "jsonb", (row) => {
        const value = read(row);
        return value === null ? null : JSON.stringify(value);
      });
    },
  };
}

const isShared = ({ values }: Column) => values.every((value) => value === values[0]);

/**
 * In their order: of one moment, ordinals tell which came first. What all rows have in common, as most of them have of most columns,
 * is sent once: reading arrays is half of what the statement costs.
 */
export async function insertFees(
  tx: Tx,
  organizationId: string,
  rows: readonly NewFee[],
  now: Temporal.Instant,
): Promise<void> {
  if (rows.length === 0) return;
  const ids = columnsOf(rows).plain("id", "uuid", ({ id }) => id);
  const columns = [...ownerColumns(rows), ...amountColumns(rows), ...placeColumns(rows)];
  const shared = columns.filter(isShared);
  const own = [ids, ...columns.filter((column) => !shared.includes(column))];
  const ownNames = sql.raw(own.map(({ name }) => name).join(", "));
  const moment = sql`${now.toString()}::timestamptz`;
  const once = [
    ["organization_id", sql`${organizationId}::uuid`],
    ["created_at", moment],
    ["updated_at", moment],
    ...shared.map(({ name, type, values: [value = null] }) => [name, sql`${value}::${sql.raw(type)}`] as const),
  ] as const satisfies readonly (readonly [string, RawBuilder<unknown>])[];
  await sql`
    insert into fees (${sql.raw(once.map(([name]) => name).join(", "))}, ${ownNames})
    select ${sql.join(once.map(([, value]) => value))}, ${ownNames}
    from unnest(${sql.join(own.map(({ type, toArray }) => sql`${toArray()}::${sql.raw(type)}[]`))}) with ordinality as f(${ownNames}, n)
    order by n`.execute(tx);
}

function ownerColumns(rows: readonly NewFee[]): Column[] {
  const { plain, text } = columnsOf(rows);
  return [
    plain("invoice_id", "uuid", ({ invoice_id }) => invoice_id),
    plain("subscription_id", "uuid", ({ owner }) => owner.subscription.id),
    plain("customer_id", "uuid", ({ owner }) => owner.subscription.customer_id),
    plain("plan_id", "uuid", ({ owner }) => owner.plan.id),
    plain("plan_version_no", "int", ({ owner }) => owner.plan.version_no),
    plain("amount_currency", "text", ({ owner }) => owner.plan.amount_currency),
    plain("true_up_parent_fee_id", "uuid", ({ true_up_parent_fee_id }) => true_up_parent_fee_id),
    text("event_transaction_id", ({ event_transaction_id }) => event_transaction_id),
  ];
}

function amountColumns(rows: readonly NewFee[]): Column[] {
  const { plain, json } = columnsOf(rows.map(({ fee }) => fee));
  return [
    plain("amount_cents", "bigint", ({ amount_cents }) => amount_cents),
    plain("precise_amount_cents", "numeric", ({ precise_amount_cents }) => precise_amount_cents.toFixed()),
    plain("units", "numeric", ({ units }) => units.toFixed()),
    plain("total_aggregated_units", "numeric", ({ total_aggregated_units }) => total_aggregated_units.toFixed()),
    plain("unit_amount_cents", "bigint", ({ unit_amount_cents }) => unit_amount_cents),
    plain("precise_unit_amount", "numeric", ({ precise_unit_amount }) => precise_unit_amount.toFixed()),
    plain("events_count", "int", ({ events_count }) => events_count),
    json("amount_details", ({ amount_details }) => amount_details),
    json("pricing_unit", ({ pricing_unit }) => pricing_unit && storedUnit(pricing_unit)),
    json("presentation_breakdowns", storedBreakdowns),
  ];
}

function placeColumns(rows: readonly NewFee[]): Column[] {
  const textOf = spelling<Temporal.Instant>();
  const { plain, text, json } = columnsOf(rows.map(({ fee }) => fee));
  return [
    text("invoice_display_name", ({ invoice_display_name }) => invoice_display_name ?? null),
    plain("fee_type", "text", ({ fee_type }) => fee_type),
    plain("charge_id", "uuid", ({ charge_id }) => charge_id),
    plain("charge_filter_id", "uuid", ({ charge_filter_id }) => charge_filter_id),
    plain("billable_metric_id", "uuid", ({ billable_metric_id }) => billable_metric_id),
    plain("fixed_charge_id", "uuid", ({ fixed_charge_id }) => fixed_charge_id ?? null),
    text("group_hash", ({ grouped_by }) => groupHash(grouped_by)),
    json("grouped_by", ({ grouped_by }) => grouped_by),
    plain("pay_in_advance", "boolean", ({ pay_in_advance }) => pay_in_advance),
    plain("invoiceable", "boolean", ({ invoiceable }) => invoiceable),
    plain("is_regrouped", "boolean", ({ is_regrouped }) => is_regrouped ?? false),
    plain("from_at", "timestamptz", ({ from }) => textOf(from)),
    plain("to_at", "timestamptz", ({ to }) => textOf(to)),
  ];
}

/** Decimals as texts: JSON numbers are read as doubles. */
export function storedUnit(unit: NonNullable<PlannedFee["pricing_unit"]>) {
  return {
    ...unit,
    conversion_rate: unit.conversion_rate.toFixed(),
    precise_amount_cents: unit.precise_amount_cents.toFixed(),
    precise_unit_amount: unit.precise_unit_amount.toFixed(),
  };
}

function storedBreakdowns({ breakdowns }: PlannedFee) {
  return breakdowns.map(({ presentation_by, units }) => ({ presentation_by, units: units.toFixed() }));
}

/** Puts fees of their own on invoices. */
export async function moveFees(
  tx: Tx,
  organizationId: string,
  moves: readonly { readonly id: string; readonly invoice_id: string }[],
): Promise<void> {
  if (moves.length === 0) return;
  await sql`
    update fees f set invoice_id = m.invoice_id
    from unnest(${plainArray(moves.map(({ id }) => id))}::uuid[], ${plainArray(moves.map(({ invoice_id }) => invoice_id))}::uuid[]) as m(id, invoice_id)
    where f.organization_id = ${organizationId} and f.id = m.id and f.invoice_id is null`.execute(tx);
}
