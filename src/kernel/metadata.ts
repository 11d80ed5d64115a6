/** Free keys and texts that clients keep on a thing (plans, wallets, credit notes). */
import type { Problem } from "./failure.ts";
import { storableText } from "./text.ts";

export type Metadata = Readonly<Record<string, string | null>>;

const KEYS_MAX = 50;
const KEY_LENGTH_MAX = 100;
const VALUE_LENGTH_MAX = 255;

export interface MetadataReading {
  readonly metadata: Metadata;
  /** All under `value`, as the contract has it. */
  readonly problems: readonly Problem[];
}

/** At most 50 keys of at most 100 characters; values are texts of at most 255, or null. */
export function readMetadata(given: Readonly<Record<string, unknown>>): MetadataReading {
  const codes = new Set<string>();
  // A map first: clients name the keys, and "__proto__" must stay an ordinary one.
  const kept = new Map<string, string | null>();
  for (const [name, value] of Object.entries(given)) {
    const key = storableText(name);
    if (key === "" || (value !== null && typeof value !== "string")) codes.add("value_is_invalid");
    const text = typeof value === "string" ? storableText(value) : null;
    if (key.length > KEY_LENGTH_MAX || (text ?? "").length > VALUE_LENGTH_MAX) codes.add("value_is_too_long");
    kept.set(key, text);
  }
  if (kept.size > KEYS_MAX) codes.add("too_many_keys");
  return { metadata: Object.fromEntries(kept), problems: [...codes].map((code) => ({ field: "value", code })) };
}

/** `changes` over what is there. */
export function mergedMetadata(before: Metadata | null, changes: Metadata): Metadata {
  return Object.fromEntries([...Object.entries(before ?? {}), ...Object.entries(changes)]);
}

/** Without one key; one that is not there changes nothing. */
export function withoutKey(metadata: Metadata, key: string): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== key));
}
