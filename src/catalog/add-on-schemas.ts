/** The shapes of requests and answers about add-ons. */
import { Cents, DateTime, Meta, nullable, optional, Text, t, Uuid } from "../http/schemas.ts";

export const AddOnBody = t.Object({
  add_on: t.Object({
    name: optional(Text),
    code: optional(Text),
    invoice_display_name: optional(Text),
    description: optional(Text),
    amount_cents: optional(Cents),
    amount_currency: optional(Text),
    tax_codes: optional(t.Array(Text)),
  }),
});

export const AddOnAnswer = t.Object({
  lago_id: Uuid,
  name: t.String(),
  invoice_display_name: nullable(t.String()),
  code: t.String(),
  amount_cents: t.Integer(),
  amount_currency: t.String(),
  created_at: DateTime,
  description: nullable(t.String()),
  taxes: t.Array(t.Unknown(), { description: "None yet" }),
});
export const OneAddOn = t.Object({ add_on: AddOnAnswer });
export const ManyAddOns = t.Object({ add_ons: t.Array(AddOnAnswer), meta: Meta });
