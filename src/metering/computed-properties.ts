/** What an event's properties would be, were it stored. Pure. */
import type { IngestCatalog } from "../catalog/index.ts";
import { Refusal } from "../kernel/failure.ts";
import { computeProperties } from "./rules/computed.ts";

/**
 * The properties of an event that is not stored (an estimate), with those that its metric's expression computes.
 * 422 with a text of the contract's own where the expression has no value.
 */
export function computedProperties(
  { computed }: Pick<IngestCatalog, "computed">,
  event: {
    readonly code: string;
    readonly timestamp: Temporal.Instant;
    readonly properties: Readonly<Record<string, unknown>>;
  },
): Readonly<Record<string, unknown>> {
  const property = computed.get(event.code);
  if (property === undefined) return event.properties;
  const timestamp = String(Math.max(0, Math.floor(event.timestamp.epochMilliseconds / 1000)));
  const properties = computeProperties(property, { ...event, timestamp });
  if (typeof properties === "string") throw new Refusal("validation_errors", properties);
  return properties;
}
