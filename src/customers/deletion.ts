/** The end of a customer (1.11 of the subscriptions spec). */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { Refusal } from "../kernel/failure.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import { findCustomer } from "./billed.ts";
import { dropCheck } from "./eu-vat/store.ts";
import type { CustomerView } from "./model.ts";
import { customerEvent } from "./present.ts";
import { viewOf } from "./service.ts";
import { lockCustomer, updateCustomer } from "./store.ts";

/** What ends with a customer: a later room does it (src/rooms.ts says which), or refuses. */
export interface CustomerEnding {
  /** What must be done before, in transactions of its own. */
  prepare(app: App, organization: Organization, customerId: string, now: Temporal.Instant): Promise<void>;
  /** In the transaction of the deletion, in which the customer is locked: nothing begins for it any more. */
  end(app: App, tx: Tx, organization: Organization, customerId: string, now: Temporal.Instant): Promise<void>;
}

/**
 * Ends all that the customer has, with it, or nothing. Its external id is free again, its sequential id is not; invoices and
 * fees stay. 404 `customer_not_found`.
 */
export async function deleteCustomer(
  app: App,
  organization: Organization,
  externalId: string,
  { prepare, end }: CustomerEnding,
  now: Temporal.Instant,
): Promise<CustomerView> {
  const named = await findCustomer(app.db, organization.id, externalId);
  if (named === null) throw new Refusal("customer_not_found");
  await prepare(app, organization, named.id, now);
  return inTransaction(app.db, async (tx) => {
    const customer = await lockCustomer(tx, organization.id, externalId);
    // Somebody else deleted it meanwhile; who has its external id now was not meant.
    if (customer?.id !== named.id) throw new Refusal("customer_not_found");
    const view = await viewOf(tx, organization.id, externalId);
    await end(app, tx, organization, customer.id, now);
    await dropCheck(tx, organization.id, customer.id);
    await updateCustomer(tx, organization.id, customer.id, { deleted_at: now });
    await publish(app, tx, organization, [customerEvent("customer.deleted", customer.id)], now);
    return view;
  });
}
