/** What `compute` answers; what it throws says of what it was. `name` is asked only then. */
export function named<T>(name: () => string, compute: () => T): T {
  try {
    return compute();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${name()}: ${why}`, { cause });
  }
}
