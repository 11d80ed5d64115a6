/** Reading fees, and the payment of those that are on no invoice. */
import { invalid, Refusal } from "../../kernel/failure.ts";
import { isUuid } from "../../kernel/ids.ts";
import { type Db, inTransaction, type Tx } from "../../storage/database.ts";
import type { FeeRow } from "../model.ts";
import { FEE_PAYMENT_STATUSES } from "./filters.ts";
import { deleteFee, loadFees, lockFee, updateFeePayment } from "./store.ts";

/** 404 `fee_not_found`. */
export async function feeOf(db: Db | Tx, organizationId: string, id: string): Promise<FeeRow> {
  const [fee] = isUuid(id) ? await loadFees(db, organizationId, [id]) : [];
  if (fee === undefined) throw new Refusal("fee_not_found");
  return fee;
}

/** Against an invoice that is about to take it up. Refusals: fee_not_found; invoiced_fee. */
async function takeFee(tx: Tx, organizationId: string, id: string): Promise<FeeRow> {
  if (!isUuid(id) || !(await lockFee(tx, organizationId, id))) throw new Refusal("fee_not_found");
  const fee = await feeOf(tx, organizationId, id);
  if (fee.invoice_id !== null) throw new Refusal("invoiced_fee");
  return fee;
}

/**
 * How the payment of a fee without an invoice went (8.6 of the metering spec): its moment is kept, those of other statuses are forgotten.
 * Refusals: fee_not_found; invoiced_fee; 422 for an unknown status.
 */
export async function payFee(
  db: Db,
  organizationId: string,
  id: string,
  status: string,
  now: Temporal.Instant,
): Promise<FeeRow> {
  return inTransaction(db, async (tx) => {
    await takeFee(tx, organizationId, id);
    const known = FEE_PAYMENT_STATUSES.find((each) => each === status);
    if (known === undefined) throw invalid("payment_status", "value_is_invalid");
    await updateFeePayment(tx, organizationId, id, known, now);
    return feeOf(tx, organizationId, id);
  });
}

/** Answers the fee as it was. Refusals: fee_not_found; invoiced_fee. */
export async function removeFee(db: Db, organizationId: string, id: string, now: Temporal.Instant): Promise<FeeRow> {
  return inTransaction(db, async (tx) => {
    const fee = await takeFee(tx, organizationId, id);
    await deleteFee(tx, organizationId, id, now);
    return fee;
  });
}
