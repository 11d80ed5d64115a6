import { messageOf } from "../../kernel/failure.ts";

/** What `compute` answers; what it throws says of what it was. `name` is asked only then. */
export function named<T>(name: () => string, compute: () => T): T {
  try {
    return compute();
  } catch (cause) {
    throw new Error(`${name()}: ${messageOf(cause)}`, { cause });
  }
}
