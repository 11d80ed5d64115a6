/** Pieces of the route schemas that every room uses. Schemas validate, type and document at once. */
import { type Static, type TSchema, Type as t } from "typebox";

export { t };

/** `null` or `schema`. */
export const nullable = <S extends TSchema>(schema: S) => t.Union([schema, t.Null()]);

/** May be absent or null. */
export const optional = <S extends TSchema>(schema: S) => t.Optional(nullable(schema));

/** Text that a column can hold. */
export const Text = t.String({ maxLength: 100_000 });
/** Names and codes. */
export const ShortText = t.String({ maxLength: 255 });

/** A boolean, or its text as some clients send it. Read with `asFlag`. */
export const Flag = t.Union([t.Boolean(), t.Literal("true"), t.Literal("false")]);
export const asFlag = (value: Static<typeof Flag>): boolean => value === true || value === "true";

/** Minor units: an integer or its text, within a bigint column. Read with BigInt. */
export const Cents = t.Union([
  t.Integer({ minimum: -9_007_199_254_740_991, maximum: 9_007_199_254_740_991 }),
  t.String({ pattern: "^-?\\d{1,15}$" }),
]);

/** A decimal as a JSON number or text. Read with parseDecimal. */
export const Decimal = t.Union([t.Number(), t.String({ pattern: "^-?\\d{1,60}(\\.\\d{1,40})?$" })]);

/** A 32-bit integer. */
export const Int = t.Integer({ minimum: -2_147_483_648, maximum: 2_147_483_647 });

export const Uuid = t.String({ format: "uuid" });
export const DateTime = t.String({ format: "date-time" });
export const Day = t.String({ format: "date" });
/** A decimal in an answer: "10.0". */
export const DecimalText = t.String({ pattern: "^-?\\d+\\.\\d+$" });

export const Meta = t.Object({
  current_page: t.Integer(),
  next_page: nullable(t.Integer()),
  prev_page: nullable(t.Integer()),
  total_pages: t.Integer(),
  total_count: t.Integer(),
});

export const PageQuery = { page: t.Optional(t.String()), per_page: t.Optional(t.String()) };

export const ErrorAnswer = t.Object({
  status: t.Integer(),
  error: t.String(),
  code: t.Optional(t.String()),
  error_details: t.Optional(t.Unknown()),
});

/** The answers of a route: its own 200 and the error shape of the statuses it can refuse with. */
export function answers<S extends TSchema>(ok: S, ...refusals: number[]): Record<number, TSchema> {
  const schemas: Record<number, TSchema> = { 200: ok };
  for (const status of new Set([401, ...refusals])) schemas[status] = ErrorAnswer;
  return schemas;
}
