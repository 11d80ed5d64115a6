import { randomUUIDv7 } from "node:crypto";

/** A new public id: UUIDv7 on machine time. Orders rows to the millisecond of one machine; `ordinal` columns order them for good. */
export function newId(): string {
  return randomUUIDv7();
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** An id from a path or a query that is no UUID names nothing: ask before the database does. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The machine time at which an id was made, to the millisecond. */
export function timeOfId(id: string): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16));
}
