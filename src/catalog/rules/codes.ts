/** Codes that are made where a request gives none. */

/**
 * Gives each its own code, or makes one: the base code (its metric's, its add-on's), or where that is taken `<base>_<n>`, n one above the
 * highest in use, from 2 on.
 */
export function withCodes<T extends { readonly code: string | null }>(
  entries: readonly T[],
  taken: ReadonlySet<string>,
  baseOf: (entry: T) => string,
): (T & { readonly code: string })[] {
  const codes = new Set(taken);
  const highest = new Map<string, number>();
  const next = (base: string): string => {
    const known = highest.get(base) ?? highestSuffix(base, codes);
    const n = known + 1;
    highest.set(base, n);
    return codes.has(`${base}_${n}`) ? next(base) : `${base}_${n}`;
  };
  return entries.map((entry) => {
    const base = baseOf(entry);
    const code = entry.code ?? (codes.has(base) ? next(base) : base);
    codes.add(code);
    return { ...entry, code };
  });
}

function highestSuffix(base: string, codes: ReadonlySet<string>): number {
  let highest = 1;
  for (const code of codes) {
    const suffix = code.startsWith(`${base}_`) ? code.slice(base.length + 1) : "";
    if (/^[1-9]\d{0,8}$/.test(suffix)) highest = Math.max(highest, Number(suffix));
  }
  return highest;
}
