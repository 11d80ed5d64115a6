/** What an event in hand carries for an aggregation, as the log's statements read it (2.1 and 2.3 of the metering spec). Pure. */
import { hash } from "node:crypto";
import { propertyText } from "../../catalog/index.ts";
import { type Dec, dec } from "../../kernel/decimal.ts";
import type { EventBucket, Group } from "../model.ts";

type Properties = Readonly<Record<string, unknown>>;

/** As `event_number` in SQL. */
const NUMERIC_TEXT = /^-?\d{1,60}(\.\d{1,30})?$/;

/** The property's text; null where it is absent or null. */
export function textIn(properties: Properties, name: string): string | null {
  return Object.hasOwn(properties, name) ? propertyText(properties[name]) : null;
}

/** The number in a property: a JSON number, or a plain decimal as text; null for everything else. */
export function numberIn(properties: Properties, name: string): Dec | null {
  const value = Object.hasOwn(properties, name) ? properties[name] : null;
  if (typeof value === "boolean" || Array.isArray(value)) return null;
  const text = propertyText(value);
  return text !== null && NUMERIC_TEXT.test(text) ? dec(text) : null;
}

/** What tells distinct values apart. */
export function hashOfValue(text: string): string {
  const hex = hash("md5", text, "hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function isRemoval(properties: Properties): boolean {
  return textIn(properties, "operation_type") === "remove";
}

/** The group of a bucket that the event is in: a missing and an empty property are the same. */
export function groupIn({ group_by }: Pick<EventBucket, "group_by">, properties: Properties): Group {
  return Object.fromEntries(group_by.map((key) => [key, textIn(properties, key) || null]));
}
