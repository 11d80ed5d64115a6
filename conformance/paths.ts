/** Reading a value out of an answer by its path ("Paths" in FORMAT.md). */
import { isSame } from "./compare.ts";
import { isMap, isNothing } from "./values.ts";

type Token = { readonly key: string } | { readonly where: string; readonly is: string };

/** "fees[item.code=api].0.units" → its names and conditions. */
function tokensOf(path: string): Token[] {
  return [...path.matchAll(/\[([^\]]*)\]|([^.[]+)/g)].map(([, inner, word]) => {
    if (inner === undefined) return { key: word ?? "" };
    const equals = inner.indexOf("=");
    return equals < 0 ? { key: inner } : { where: inner.slice(0, equals), is: inner.slice(equals + 1) };
  });
}

function meets(element: unknown, where: string, is: string): boolean {
  const value = read(element, where);
  return isNothing(value) ? is === "null" : isSame(value, is) || String(value) === is;
}

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isMap(value) ? Object.keys(value).length : 0;
}

function child(value: unknown, key: string): unknown {
  if (isNothing(value)) return undefined;
  return (value as Record<string, unknown>)[key];
}

/** Conditions narrow a list; what follows them sees the first match, `#` their number, `*` all. Undefined where there is nothing. */
export function read(root: unknown, path: string): unknown {
  return readTokens(root, tokensOf(path));
}

function readTokens(root: unknown, tokens: readonly Token[]): unknown {
  let value = root;
  let isNarrowed = false;
  for (const [n, token] of tokens.entries()) {
    if ("where" in token) {
      value = (Array.isArray(value) ? value : []).filter((element) => meets(element, token.where, token.is));
      isNarrowed = true;
      continue;
    }
    if (token.key === "#") return sizeOf(value);
    if (token.key === "*") {
      const rest = tokens.slice(n + 1);
      return Array.isArray(value) ? value.map((element) => readTokens(element, rest)) : undefined;
    }
    value = child(isNarrowed ? child(value, "0") : value, token.key);
    isNarrowed = false;
  }
  return isNarrowed ? child(value, "0") : value;
}
