/** The shapes of events in requests and answers. */
import { nullable, t } from "../http/schemas.ts";
import { badRequest } from "../kernel/failure.ts";

export const EventInput = t.Object({
  transaction_id: t.String({ maxLength: 255 }),
  code: t.String({ maxLength: 255 }),
  external_subscription_id: t.Optional(nullable(t.String({ maxLength: 255 }))),
  timestamp: t.Optional(nullable(t.Union([t.Number(), t.String()]))),
  properties: t.Optional(nullable(t.Record(t.String(), t.Unknown()))),
  precise_total_amount_cents: t.Optional(nullable(t.Union([t.Number(), t.String()]))),
});

const eventAnswer = {
  lago_id: t.String({ format: "uuid" }),
  transaction_id: t.String(),
  lago_customer_id: t.Null(),
  code: t.String(),
  timestamp: t.String({ format: "date-time" }),
  precise_total_amount_cents: nullable(t.String()),
  properties: t.Record(t.String(), t.Unknown()),
  lago_subscription_id: t.Null(),
  external_subscription_id: nullable(t.String()),
  created_at: t.String({ format: "date-time" }),
};
export const EventAnswer = t.Object(eventAnswer);

/** An event as it is read: with what was corrected. */
export const ListedEvent = t.Object({
  ...eventAnswer,
  voided_at: nullable(t.String({ format: "date-time", description: "Since then it counts nowhere" })),
  void_reason: nullable(t.String()),
  voided_by_lago_api_key_id: nullable(t.String({ format: "uuid" })),
  amended_by_transaction_id: nullable(t.String({ description: "The event that took its place" })),
  amends_transaction_id: nullable(t.String({ description: "The event whose place it took" })),
});

/** Documents a body that the route checks by itself. */
export const unchecked = { validatorCompiler: () => () => true } as const;

/** The value under the root key; 400 where there is none. */
export function rootOf(body: unknown, key: string): unknown {
  const value =
    typeof body === "object" && body !== null && !Array.isArray(body)
      ? (body as Record<string, unknown>)[key]
      : undefined;
  if (value === undefined || value === null)
    throw badRequest(`param is missing or the value is empty or invalid: ${key}`);
  return value;
}
