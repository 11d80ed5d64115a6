/** Bodies of charges and filters as the rules read them. */
import type { Static } from "typebox";
import { asFlag, type Cents, type Flag } from "../http/schemas.ts";
import type { ChargeInput as ChargeBody, ChargeOverrideInput } from "./charge-schemas.ts";
import type { ChargeInput } from "./rules/charge.ts";
import type { ChargeOverride } from "./rules/charge-override.ts";

type Given<T> = T | null | undefined;

/** Absent stays absent and null stays null: an update tells them apart. */
export const flagOf = (value: Given<Static<typeof Flag>>) => (typeof value === "string" ? asFlag(value) : value);
export const centsOf = (value: Given<Static<typeof Cents>>) =>
  value === null || value === undefined ? value : BigInt(value);
const idOf = (value: Given<string>) => value?.toLowerCase();

export function chargeInputOf(body: Static<typeof ChargeBody>): ChargeInput {
  return {
    ...body,
    id: idOf(body.id),
    billable_metric_id: idOf(body.billable_metric_id),
    pay_in_advance: flagOf(body.pay_in_advance),
    prorated: flagOf(body.prorated),
    invoiceable: flagOf(body.invoiceable),
    accepts_target_wallet: flagOf(body.accepts_target_wallet),
    min_amount_cents: centsOf(body.min_amount_cents),
  };
}

export function chargeOverrideOf(body: Static<typeof ChargeOverrideInput>): ChargeOverride {
  return { ...body, id: idOf(body.id), min_amount_cents: centsOf(body.min_amount_cents) };
}

/** Whether the body of a deletion (which may have none) asks overrides to follow, e.g. {"charge": {"cascade_updates": true}}. */
export function asksToCascade(body: unknown, root: string): boolean {
  const given = fieldOf(fieldOf(body, root), "cascade_updates");
  return given === true || given === "true";
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
