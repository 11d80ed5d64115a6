/** Writing planned invoices: numbers, rows and what happened, a fixed number of statements for any number of invoices. */
import type { App } from "../../app.ts";
import { type DomainEvent, type Owner, publish } from "../../jobs/index.ts";
import { newId } from "../../kernel/ids.ts";
import type { Tx } from "../../storage/database.ts";
import type { PlannedFee, PlannedInvoice } from "../model.ts";
import { storeLevels } from "../usage/weighted-levels.ts";
import { insertFees, moveFees, type NewFee } from "./insert-fees.ts";
import { countForEntities, numberInvoices } from "./numbering.ts";
import { insertInvoiceSubscriptions, insertInvoices, type NumberedInvoice, type NumberedPeriod } from "./store.ts";

export async function writeInvoices(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  planned: readonly PlannedInvoice[],
  now: Temporal.Instant,
): Promise<void> {
  if (planned.length === 0) return;
  const numbers = await numberInvoices(tx, owner.id, planned, now);
  const invoices = planned.map((invoice, index): NumberedInvoice => {
    const number = numbers[index];
    if (number === undefined) throw new Error("an invoice without a number");
    return { id: newId(), invoice, number };
  });
  const periods = invoices.flatMap((of) =>
    of.invoice.periods.map((period): NumberedPeriod => ({ id: newId(), of, period })),
  );
  const fees = periods.flatMap((of) => numberedFees(of, of.period.fees, of.of.id));
  const standalone = periods.flatMap((of) => numberedFees(of, of.period.standalone_fees, null));
  await insertInvoices(tx, owner.id, invoices, now);
  await insertInvoiceSubscriptions(tx, owner.id, periods, now);
  await insertFees(tx, owner.id, [...fees, ...standalone], now);
  await moveFees(
    tx,
    owner.id,
    periods.flatMap(({ of, period }) => (period.regrouped_fee_ids ?? []).map((id) => ({ id, invoice_id: of.id }))),
  );
  await storeLevels(
    tx,
    owner.id,
    periods.flatMap(({ period }) => period.levels),
  );
  const finalized = invoices.filter(({ invoice }) => invoice.status === "finalized");
  const charged = fees.filter(({ event_transaction_id }) => event_transaction_id !== null);
  const created = [...charged.map(feeCreated), ...finalized.map(invoiceCreated), ...standalone.map(feeCreated)];
  await publish(app, tx, owner, created, now);
  await countForEntities(tx, owner.id, planned);
}

/** A true-up names the fee that it belongs to. */
function numberedFees(of: NumberedPeriod, fees: readonly PlannedFee[], invoice_id: string | null): NewFee[] {
  const ids = new Map(fees.map((fee) => [fee, newId()]));
  return fees.map((fee) => ({
    id: ids.get(fee) as string,
    owner: of.period,
    fee,
    invoice_id,
    event_transaction_id: fee.event_transaction_id ?? null,
    true_up_parent_fee_id: (fee.true_up_of && ids.get(fee.true_up_of)) ?? null,
  }));
}

export function feeCreated({ id }: NewFee): DomainEvent {
  return { kind: "fee.created", subject_type: "fee", subject_id: id };
}

function invoiceCreated({ id }: NumberedInvoice): DomainEvent {
  return { kind: "invoice.created", subject_type: "invoice", subject_id: id };
}
