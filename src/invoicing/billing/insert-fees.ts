/** The SQL of writing fees: one statement for any number of them. */
import { type RawBuilder, sql } from "kysely";
import { jsonArray, plainArray, textArray } from "../../storage/arrays.ts";
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

type Column = readonly [name: string, type: string, values: string];

/** In their order: of one moment, ordinals tell which came first. */
export async function insertFees(
  tx: Tx,
  organizationId: string,
  rows: readonly NewFee[],
  now: Temporal.Instant,
): Promise<void> {
  if (rows.length === 0) return;
  const columns = [...ownColumns(rows), ...amountColumns(rows), ...placeColumns(rows), ...fixedChargeColumn(rows)];
  const names = sql.raw(columns.map(([name]) => name).join(", "));
  const arrays: RawBuilder<unknown>[] = columns.map(([, type, values]) => sql`${values}::${sql.raw(type)}[]`);
  await sql`
    insert into fees (organization_id, created_at, updated_at, ${names})
    select ${organizationId}::uuid, ${now.toString()}::timestamptz, ${now.toString()}::timestamptz, ${names}
    from unnest(${sql.join(arrays)}) with ordinality as f(${names}, n)
    order by n`.execute(tx);
}

function ownColumns(rows: readonly NewFee[]): Column[] {
  const own = (read: (row: NewFee) => string | number | null) => plainArray(rows.map(read));
  return [
    ["id", "uuid", own(({ id }) => id)],
    ["invoice_id", "uuid", own(({ invoice_id }) => invoice_id)],
    ["subscription_id", "uuid", own(({ owner }) => owner.subscription.id)],
    ["customer_id", "uuid", own(({ owner }) => owner.subscription.customer_id)],
    ["plan_id", "uuid", own(({ owner }) => owner.plan.id)],
    ["plan_version_no", "int", own(({ owner }) => owner.plan.version_no)],
    ["amount_currency", "text", own(({ owner }) => owner.plan.amount_currency)],
    ["true_up_parent_fee_id", "uuid", own(({ true_up_parent_fee_id }) => true_up_parent_fee_id)],
    ["invoice_display_name", "text", textArray(rows.map(({ fee }) => fee.invoice_display_name ?? null))],
    ["event_transaction_id", "text", textArray(rows.map(({ event_transaction_id }) => event_transaction_id))],
  ];
}

function amountColumns(rows: readonly NewFee[]): Column[] {
  const plain = (read: (fee: PlannedFee) => string | number | bigint) => plainArray(rows.map(({ fee }) => read(fee)));
  return [
    ["amount_cents", "bigint", plain(({ amount_cents }) => amount_cents)],
    ["precise_amount_cents", "numeric", plain(({ precise_amount_cents }) => precise_amount_cents.toFixed())],
    ["units", "numeric", plain(({ units }) => units.toFixed())],
    ["total_aggregated_units", "numeric", plain(({ total_aggregated_units }) => total_aggregated_units.toFixed())],
    ["unit_amount_cents", "bigint", plain(({ unit_amount_cents }) => unit_amount_cents)],
    ["precise_unit_amount", "numeric", plain(({ precise_unit_amount }) => precise_unit_amount.toFixed())],
    ["events_count", "int", plain(({ events_count }) => events_count)],
    ["amount_details", "jsonb", jsonArray(rows.map(({ fee }) => fee.amount_details))],
    ["pricing_unit", "jsonb", jsonOrNull(rows.map(({ fee }) => fee.pricing_unit && storedUnit(fee.pricing_unit)))],
    ["presentation_breakdowns", "jsonb", jsonArray(rows.map(({ fee }) => storedBreakdowns(fee)))],
  ];
}

function placeColumns(rows: readonly NewFee[]): Column[] {
  const textOf = spelling<Temporal.Instant>();
  const plain = (read: (fee: PlannedFee) => string | boolean | null) => plainArray(rows.map(({ fee }) => read(fee)));
  return [
    ["fee_type", "text", plain(({ fee_type }) => fee_type)],
    ["charge_id", "uuid", plain(({ charge_id }) => charge_id)],
    ["charge_filter_id", "uuid", plain(({ charge_filter_id }) => charge_filter_id)],
    ["billable_metric_id", "uuid", plain(({ billable_metric_id }) => billable_metric_id)],
    ["group_hash", "text", textArray(rows.map(({ fee }) => groupHash(fee.grouped_by)))],
    ["grouped_by", "jsonb", jsonArray(rows.map(({ fee }) => fee.grouped_by))],
    ["pay_in_advance", "boolean", plain(({ pay_in_advance }) => pay_in_advance)],
    ["invoiceable", "boolean", plain(({ invoiceable }) => invoiceable)],
    ["is_regrouped", "boolean", plain(({ is_regrouped }) => is_regrouped ?? false)],
    ["from_at", "timestamptz", plain(({ from }) => textOf(from))],
    ["to_at", "timestamptz", plain(({ to }) => textOf(to))],
  ];
}

/** Left out where there is none, as in most statements. */
function fixedChargeColumn(rows: readonly NewFee[]): Column[] {
  if (rows.every(({ fee }) => fee.fixed_charge_id === undefined)) return [];
  return [["fixed_charge_id", "uuid", plainArray(rows.map(({ fee }) => fee.fixed_charge_id ?? null))]];
}

/** As jsonArray, where null is SQL's. */
function jsonOrNull(values: readonly unknown[]): string {
  return textArray(values.map((value) => (value === null ? null : JSON.stringify(value))));
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
