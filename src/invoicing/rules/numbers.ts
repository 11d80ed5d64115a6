/** How invoices are numbered: 5.7 of the subscriptions spec, C.3 of the platform spec. */
import { localDate } from "../../kernel/calendar.ts";

/** The billing entity as a number needs it. */
export interface NumberingEntity {
  readonly id: string;
  readonly code: string;
  readonly timezone: string;
  readonly document_numbering: "per_customer" | "per_billing_entity";
  readonly document_number_prefix: string;
}

const atLeastThreeDigits = (sequence: bigint) => sequence.toString().padStart(3, "0");

export function draftNumber({ document_number_prefix }: NumberingEntity): string {
  return `${document_number_prefix}-DRAFT`;
}

/** "BENT-1-001-002": the customer's own sequence, and the invoice's within customer and entity. */
export function numberOfCustomer(
  { document_number_prefix }: NumberingEntity,
  customerSequentialId: bigint,
  sequentialId: bigint,
): string {
  return `${document_number_prefix}-${atLeastThreeDigits(customerSequentialId)}-${atLeastThreeDigits(sequentialId)}`;
}

/** "BENT-11-202310-010": the month of finalization in the entity's zone, and the entity's sequence, which no month resets. */
export function numberOfEntity(entity: NumberingEntity, entitySequentialId: bigint, now: Temporal.Instant): string {
  const { year, month } = localDate(now, entity.timezone);
  const yearMonth = `${String(year).padStart(4, "0")}${String(month).padStart(2, "0")}`;
  return `${entity.document_number_prefix}-${yearMonth}-${atLeastThreeDigits(entitySequentialId)}`;
}
