/** Which bucket and group of a request an event belongs to, by the texts of its properties (2.4 and 6.2 of the metering spec). Pure. */
import type { EventBucket, Group } from "../model.ts";

/** The texts of an event's properties under a request's keys, in their order; null for an absent property or a JSON null. */
export type Texts = readonly (string | null)[];

export interface Place {
  readonly bucket: number;
  readonly group: Group;
  /** The same for two places if and only if bucket and group are. */
  readonly name: string;
}

/** Every property that decides about an event's place: sorted, each once. */
export function keysOf(buckets: readonly EventBucket[]): string[] {
  const keys = new Set<string>();
  for (const { conditions, group_by } of buckets) {
    for (const key in conditions) keys.add(key);
    for (const key of group_by) keys.add(key);
  }
  return [...keys].sort();
}

interface ReadyBucket {
  readonly conditions: readonly { readonly position: number; readonly wanted: ReadonlySet<string> }[];
  readonly group: readonly { readonly position: number; readonly key: string }[];
}

function isMet({ conditions }: ReadyBucket, texts: Texts): boolean {
  for (const { position, wanted } of conditions) {
    const text = texts[position] ?? null;
    if (text === null || !wanted.has(text)) return false;
  }
  return true;
}

/** No text holds U+0000 (decisions 14): no two different groups have one name. */
function placeName(bucket: number, texts: readonly (string | null)[]): string {
  let name = `${bucket}`;
  for (const text of texts) name += text === null ? "\u0000n" : `\u0000,${text}`;
  return name;
}

/** The place of a group that the caller knows by its texts. */
export function nameOfGroup(bucket: number, { group_by }: EventBucket, group: Group): string {
  return placeName(
    bucket,
    group_by.map((key) => group[key] || null),
  );
}

/** Tells an event's place by its texts under `keys`; null where it meets no bucket's conditions. */
export function placesOf(buckets: readonly EventBucket[], keys: readonly string[]): (texts: Texts) => Place | null {
  const ready = buckets.map(
    ({ conditions, group_by }): ReadyBucket => ({
      conditions: Object.entries(conditions).map(([key, values]) => ({
        position: keys.indexOf(key),
        wanted: new Set(values),
      })),
      group: group_by.map((key) => ({ position: keys.indexOf(key), key })),
    }),
  );
  const conditioned = [...new Set(ready.flatMap(({ conditions }) => conditions.map(({ position }) => position)))];
  // Filters look at few different texts however many groups there are.
  const bucketOf = new Map<string, number>();
  return (texts) => {
    const seen = placeName(
      0,
      conditioned.map((position) => texts[position] ?? null),
    );
    let bucket = bucketOf.get(seen);
    if (bucket === undefined) {
      bucket = ready.findIndex((one) => isMet(one, texts));
      bucketOf.set(seen, bucket);
    }
    const { group: by } = ready[bucket] ?? NO_BUCKET;
    if (by === null) return null;
    const own = by.map(({ position }) => texts[position] || null);
    const group = Object.fromEntries(by.map(({ key }, index) => [key, own[index] ?? null]));
    return { bucket, group, name: placeName(bucket, own) };
  };
}

const NO_BUCKET = { group: null };

/** Groups in order of their texts, null first. */
export function compareGroups(group_by: readonly string[], a: Group, b: Group): number {
  for (const key of group_by) {
    const left = a[key] ?? null;
    const right = b[key] ?? null;
    if (left === right) continue;
    if (left === null) return -1;
    if (right === null) return 1;
    return left < right ? -1 : 1;
  }
  return 0;
}

/** The group of a bucket that nothing was received for: one, all of whose texts are null. */
export function emptyGroup({ group_by }: EventBucket): Group {
  return Object.fromEntries(group_by.map((key) => [key, null]));
}

/** A key that every bucket asks for, with all the texts that any of them wants: what has none of these is in no bucket. */
export function sharedCondition(
  buckets: readonly EventBucket[],
): { readonly key: string; readonly texts: readonly string[] } | null {
  let best: { key: string; texts: readonly string[] } | null = null;
  for (const key in buckets[0]?.conditions ?? {}) {
    const wanted = new Set<string>();
    const isShared = buckets.every(({ conditions }) => {
      for (const text of conditions[key] ?? []) wanted.add(text);
      return Object.hasOwn(conditions, key);
    });
    if (isShared && (best === null || wanted.size < best.texts.length)) best = { key, texts: [...wanted] };
  }
  return best;
}
