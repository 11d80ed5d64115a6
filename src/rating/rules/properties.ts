/** Reading charge properties as the catalog stored them: decimals as texts (or JSON numbers in range bounds). */
import type { ChargeProperties } from "../../catalog/index.ts";
import { type Dec, dec } from "../../kernel/decimal.ts";

/** Null where the property is absent, null or blank. Throws on what the catalog cannot have let through. */
export function decimalOrNull(properties: ChargeProperties, name: string): Dec | null {
  const value = properties[name];
  if (value === undefined || value === null || value === "") return null;
  if (typeof value !== "string" && typeof value !== "number") throw new Error(`charge property ${name} is no decimal`);
  return dec(value);
}

export function decimal(properties: ChargeProperties, name: string): Dec {
  const value = decimalOrNull(properties, name);
  if (value === null) throw new Error(`charge property ${name} is missing`);
  return value;
}

export function listOf(properties: ChargeProperties, name: string): readonly ChargeProperties[] {
  const value = properties[name];
  if (!Array.isArray(value) || value.length === 0) throw new Error(`charge property ${name} is no list`);
  return value as readonly ChargeProperties[];
}
