/**
 * What a process remembers of the keys it has seen, so that not every request asks the database who calls.
 * A key that another process revokes works no longer than CACHE_MS; one revoked here is forgotten at once.
 */
import type { App } from "../app.ts";
import type { Caller } from "./authenticate.ts";

const CACHE_MS = 5_000;
const CACHE_ENTRIES_MAX = 10_000;

interface Remembered {
  readonly caller: Caller;
  readonly until: number;
}

export interface KeyCache {
  get(key: string): Caller | null;
  set(key: string, caller: Caller): void;
  forget(apiKeyId: string): void;
}

const caches = new WeakMap<object, KeyCache>();

/** The one cache of the process's `app`. */
export function keyCacheOf(app: Pick<App, "pool">): KeyCache {
  let cache = caches.get(app.pool);
  if (cache === undefined) {
    cache = createKeyCache();
    caches.set(app.pool, cache);
  }
  return cache;
}

function createKeyCache(): KeyCache {
  const remembered = new Map<string, Remembered>();
  return {
    get(key) {
      const known = remembered.get(key);
      if (known && known.until > performance.now()) return known.caller;
      remembered.delete(key);
      return null;
    },
    set(key, caller) {
      if (remembered.size >= CACHE_ENTRIES_MAX) remembered.clear();
      remembered.set(key, { caller, until: performance.now() + CACHE_MS });
    },
    forget(apiKeyId) {
      for (const [key, { caller }] of remembered) if (caller.apiKeyId === apiKeyId) remembered.delete(key);
    },
  };
}
