/** The property that an expression computes from the event (1.5 of the metering spec): it replaces what was sent. Pure. */
import { type ComputedProperty, evaluateExpression, isFailure, storedResult } from "../../catalog/index.ts";
import type { Problem } from "../../kernel/failure.ts";
import { parseJson, stringifyJson } from "../../kernel/json.ts";
import { PROPERTIES_BYTES_MAX, type ReadEvent } from "./event.ts";

/** An event as it is stored, what is wrong with it, or why its expression has no value: a text of the contract's own. */
export type Computed = ReadEvent | readonly Problem[] | string;

/** Properties with the computed one in its place; a text where the expression has no value for them. */
export function computeProperties(
  { field_name, expression }: ComputedProperty,
  event: { readonly code: string; readonly timestamp: string; readonly properties: Readonly<Record<string, unknown>> },
): Readonly<Record<string, unknown>> | string {
  const result = evaluateExpression(expression, event);
  if (isFailure(result)) return `expression_evaluation_failed: ${result.failure}`;
  return { ...event.properties, [field_name]: storedResult(result) };
}

/** The event with its metric's computed property; as it is where its metric has none. */
export function withComputed(event: ReadEvent, computed: ReadonlyMap<string, ComputedProperty>): Computed {
  const property = computed.get(event.code);
  if (property === undefined) return event;
  const { code, timestampMicros } = event;
  const properties = computeProperties(property, {
    code,
    timestamp: timestampMicros.slice(0, -6) || "0",
    // As stored: numbers beyond the limits are texts here already.
    properties: parseJson(event.properties) as Record<string, unknown>,
  });
  if (typeof properties === "string") return properties;
  const text = stringifyJson(properties);
  if (Buffer.byteLength(text) > PROPERTIES_BYTES_MAX) return [{ field: "properties", code: "value_is_invalid" }];
  return { ...event, properties: text };
}
