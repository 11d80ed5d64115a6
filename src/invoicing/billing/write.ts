/** Writing planned invoices: numbers, rows and what happened, a fixed number of statements for any number of invoices. */
import type { App } from "../../app.ts";
import { type DomainEvent, type Owner, publish } from "../../jobs/index.ts";
import { newId } from "../../kernel/ids.ts";
import type { Tx } from "../../storage/database.ts";
import type { PlannedInvoice } from "../model.ts";
import { countForEntities, numberInvoices } from "./numbering.ts";
import {
  insertFees,
  insertInvoiceSubscriptions,
  insertInvoices,
  type NumberedFee,
  type NumberedInvoice,
  type NumberedPeriod,
} from "./store.ts";

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
  const fees = periods.flatMap((of) => of.period.fees.map((fee): NumberedFee => ({ id: newId(), of, fee })));
  await insertInvoices(tx, owner.id, invoices, now);
  await insertInvoiceSubscriptions(tx, owner.id, periods, now);
  await insertFees(tx, owner.id, fees, now);
  await publish(
    app,
    tx,
    owner,
    invoices.filter(({ invoice }) => invoice.status === "finalized").map(invoiceCreated),
    now,
  );
  await countForEntities(tx, owner.id, planned);
}

function invoiceCreated({ id }: NumberedInvoice): DomainEvent {
  return { kind: "invoice.created", subject_type: "invoice", subject_id: id };
}
