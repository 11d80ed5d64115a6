/**
 * Array parameters as texts. pg quotes and escapes element by element, which in a batch of thousands of rows costs more
 * than everything else; most elements hold nothing that needs a quote.
 */
type Plain = string | number | bigint | boolean | null;

/** Uuids, numbers, decimals, instants, dates, booleans: nothing in them needs quoting. */
export function plainArray(values: readonly Plain[]): string {
  let text = "{";
  for (let index = 0; index < values.length; index++) {
    if (index > 0) text += ",";
    text += values[index] ?? "NULL";
  }
  return `${text}}`;
}

const NEEDS_ESCAPE = /["\\]/;

/** Any texts. */
export function textArray(values: readonly (string | null)[]): string {
  let text = "{";
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? null;
    if (index > 0) text += ",";
    if (value === null) text += "NULL";
    else if (NEEDS_ESCAPE.test(value)) text += `"${value.replace(/["\\]/g, "\\$&")}"`;
    else text += `"${value}"`;
  }
  return `${text}}`;
}

/** Values as an array of jsonb. JSON's escapes are what an array's literal needs: inside it only \ and " are left. */
export function jsonArray(values: readonly unknown[]): string {
  let text = "{";
  for (let index = 0; index < values.length; index++) {
    if (index > 0) text += ",";
    text += JSON.stringify(JSON.stringify(values[index]));
  }
  return `${text}}`;
}
