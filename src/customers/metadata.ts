/** A customer's metadata: at most five entries, each sent array being the whole desired set (1.7 of the subscriptions spec). Pure. */
import type { Static } from "typebox";
import { asFlag } from "../http/schemas.ts";
import type { Problem } from "../kernel/failure.ts";
import { storableText } from "../kernel/text.ts";
import type { MetadataEntry } from "./model.ts";
import type { MetadataInput } from "./schemas.ts";

export const METADATA_ENTRIES_MAX = 5;
const KEY_LENGTH_MAX = 20;
const VALUE_LENGTH_MAX = 100;

/** What new entries are made of. */
export interface Making {
  readonly newId: () => string;
  readonly now: Temporal.Instant;
}

/** Entries with a known id are updated, others made; stored ones that are not mentioned are gone. */
export function readMetadata(
  input: Static<typeof MetadataInput>,
  stored: readonly MetadataEntry[],
  { newId, now }: Making,
  problems: Problem[],
): MetadataEntry[] {
  const entries = input.map((wanted): MetadataEntry => {
    const known = stored.find(({ id }) => id === wanted.id?.toLowerCase());
    const flag = wanted.display_in_invoice;
    return {
      id: known?.id ?? newId(),
      key: wanted.key === undefined ? (known?.key ?? "") : storableText(wanted.key ?? ""),
      value: wanted.value === undefined ? (known?.value ?? "") : storableText(wanted.value ?? ""),
      display_in_invoice: flag === undefined || flag === null ? (known?.display_in_invoice ?? false) : asFlag(flag),
      created_at: known?.created_at ?? now.toString(),
    };
  });
  problems.push(...problemsOf(entries));
  return entries;
}

function problemsOf(entries: readonly MetadataEntry[]): Problem[] {
  const found = new Map<string, Problem>();
  const add = (field: string, code: string) => found.set(`${field} ${code}`, { field, code });
  for (const { key, value } of entries) {
    if (key.trim() === "") add("key", "value_is_mandatory");
    if (key.length > KEY_LENGTH_MAX) add("key", "value_is_too_long");
    if (value.trim() === "") add("value", "value_is_mandatory");
    if (value.length > VALUE_LENGTH_MAX) add("value", "value_is_too_long");
  }
  if (new Set(entries.map(({ key }) => key)).size < entries.length) add("key", "value_already_exist");
  if (new Set(entries.map(({ id }) => id)).size < entries.length) add("id", "value_already_exist");
  return [...found.values()];
}
