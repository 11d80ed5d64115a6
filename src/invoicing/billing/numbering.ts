/**
 * Numbers of final invoices (5.7 of the subscriptions spec). A series has no gap: numbers are taken in the transaction
 * that writes the invoices, after everything is computed.
 *
 * An entity's own series goes on from all its invoices, also those that were numbered per customer. Those are counted in
 * slots, so that billing per customer does not queue up behind one counter: a number is the slots' sum and the counter.
 */
import { type NumbersWanted, takeNumbers } from "../../identity/index.ts";
import type { Tx } from "../../storage/database.ts";
import type { PlannedInvoice } from "../model.ts";
import { draftNumber, numberOfCustomer, numberOfEntity } from "../rules/numbers.ts";
import { countedPerCustomer } from "./store.ts";

export interface InvoiceNumber {
  readonly number: string;
  readonly sequential_id: bigint | null;
  readonly billing_entity_sequential_id: bigint | null;
}

const PER_CUSTOMER = "invoice";
const PER_ENTITY = "invoice_of_entity";
const COUNTED = "invoice_counted_for_entity";
const SLOTS = 64;

const scopeOfCustomer = ({ customer, billing_entity }: PlannedInvoice) => `${customer.id}/${billing_entity.id}`;
const isFinal = ({ status }: PlannedInvoice) => status === "finalized";
const isSelfBilled = ({ customer }: PlannedInvoice) => customer.account_type === "partner";
const isNumberedByEntity = (invoice: PlannedInvoice) =>
  !isSelfBilled(invoice) && invoice.billing_entity.document_numbering === "per_billing_entity";

function countBy(invoices: readonly PlannedInvoice[], scopeOf: (invoice: PlannedInvoice) => string): NumbersWanted[] {
  const counts = new Map<string, number>();
  for (const invoice of invoices) counts.set(scopeOf(invoice), (counts.get(scopeOf(invoice)) ?? 0) + 1);
  return [...counts].map(([scope, count]) => ({ scope, count }));
}

/** Takes the next number of a scope at each call. */
function counterOf(firsts: Map<string, bigint>): (scope: string) => bigint {
  const next = new Map(firsts);
  return (scope) => {
    const number = next.get(scope);
    if (number === undefined) throw new Error(`no number was taken for ${scope}`);
    next.set(scope, number + 1n);
    return number;
  };
}

/** The numbers of the invoices, in their order; a closed one gets none. */
export async function numberInvoices(
  tx: Tx,
  organizationId: string,
  invoices: readonly PlannedInvoice[],
  now: Temporal.Instant,
): Promise<InvoiceNumber[]> {
  const final = invoices.filter(isFinal);
  const byEntity = final.filter(isNumberedByEntity);
  const scopes = countBy(final, scopeOfCustomer);
  const ofCustomer = counterOf(await takeNumbers(tx, organizationId, PER_CUSTOMER, scopes));
  const entities = countBy(byEntity, ({ billing_entity }) => billing_entity.id);
  const ofEntity = counterOf(await takeNumbers(tx, organizationId, PER_ENTITY, entities));
  const offsets =
    byEntity.length === 0 ? new Map<string, bigint>() : await countedPerCustomer(tx, organizationId, COUNTED);

  return invoices.map((invoice) => {
    const { billing_entity, customer } = invoice;
    if (!isFinal(invoice))
      return { number: draftNumber(billing_entity), sequential_id: null, billing_entity_sequential_id: null };
    const sequential_id = ofCustomer(scopeOfCustomer(invoice));
    if (!isNumberedByEntity(invoice)) {
      const number = numberOfCustomer(billing_entity, customer.sequential_id, sequential_id);
      return { number, sequential_id, billing_entity_sequential_id: null };
    }
    const billing_entity_sequential_id = ofEntity(billing_entity.id) + (offsets.get(billing_entity.id) ?? 0n);
    const number = numberOfEntity(billing_entity, billing_entity_sequential_id, now);
    return { number, sequential_id, billing_entity_sequential_id };
  });
}

/** Counts invoices that were numbered per customer towards their entities' series. Last in the transaction. */
export async function countForEntities(
  tx: Tx,
  organizationId: string,
  invoices: readonly PlannedInvoice[],
): Promise<void> {
  const counted = invoices.filter(
    (invoice) => isFinal(invoice) && !isSelfBilled(invoice) && !isNumberedByEntity(invoice),
  );
  const slot = Math.floor(Math.random() * SLOTS);
  const scopes = countBy(counted, ({ billing_entity }) => `${billing_entity.id}/${slot}`);
  await takeNumbers(tx, organizationId, COUNTED, scopes);
}
