/** Reading query strings: pages, lists (`status[]=a&status[]=b`), flags, dates, maps (`metadata[key]=value`). */
import { type Problem, refuseIfAny } from "../kernel/failure.ts";
import { type Page, PER_PAGE_MAX } from "../kernel/pages.ts";

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The last value given under `name`; null when absent or blank. */
export function readText(query: Query, name: string): string | null {
  const value = query[name];
  const text = typeof value === "string" ? value : value?.at(-1);
  return text === undefined || text === "" ? null : text;
}

/** All values given as `name[]=` or `name=`. */
export function readTexts(query: Query, name: string): string[] {
  return [query[`${name}[]`], query[name]].flatMap((value) => value ?? []).filter((text) => text !== "");
}

/** true/false/1/0; anything else is a problem. */
export function readFlag(query: Query, name: string, problems: Problem[]): boolean | null {
  const text = readText(query, name);
  if (text === null) return null;
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  problems.push({ field: name, code: "value_is_invalid" });
  return null;
}

export function readOneOf<T extends string>(
  query: Query,
  name: string,
  values: readonly T[],
  problems: Problem[],
): T | null {
  const text = readText(query, name);
  if (text === null) return null;
  const value = values.find((candidate) => candidate === text);
  if (value === undefined) problems.push({ field: name, code: "value_is_invalid" });
  return value ?? null;
}

export function readUuid(query: Query, name: string, problems: Problem[]): string | null {
  const text = readText(query, name);
  if (text === null || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text;
  problems.push({ field: name, code: "value_is_invalid" });
  return null;
}

/** An ISO 8601 date or datetime as the half-open range of what it names: [from, to) of the day, or of the very instant. */
export function readMoment(text: string): { from: Temporal.Instant; to: Temporal.Instant } | null {
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
      const day = Temporal.PlainDate.from(text).toZonedDateTime("UTC");
      return { from: day.toInstant(), to: day.add({ days: 1 }).toInstant() };
    }
    if (!/^\d{4}-\d{2}-\d{2}[T ]/.test(text)) return null;
    const iso = text.replace(" ", "T");
    const at = /([zZ]|[+-]\d{2}:?\d{2})$/.test(iso)
      ? Temporal.Instant.from(iso)
      : Temporal.PlainDateTime.from(iso).toZonedDateTime("UTC").toInstant();
    return { from: at, to: at.add({ nanoseconds: 1000 }) };
  } catch {
    return null;
  }
}

/** `<name>_from` and `<name>_to`, both inclusive in the contract; unparsable: 422 `invalid_date`. */
export function readRange(
  query: Query,
  name: string,
  problems: Problem[],
): { from: Temporal.Instant | null; to: Temporal.Instant | null } {
  const read = (field: string) => {
    const text = readText(query, field);
    if (text === null) return null;
    const moment = readMoment(text);
    if (moment === null) problems.push({ field, code: "invalid_date" });
    return moment;
  };
  return { from: read(`${name}_from`)?.from ?? null, to: read(`${name}_to`)?.to ?? null };
}

/** `name[key]=value` pairs. */
export function readMap(query: Query, name: string): Record<string, string> {
  const pattern = new RegExp(`^${name}\\[([^\\]]+)\\]$`);
  const pairs = Object.keys(query).flatMap((key) => {
    const [, inner] = pattern.exec(key) ?? [];
    const text = [query[key]].flat().at(-1);
    return inner === undefined || text === undefined ? [] : [[inner, text] as const];
  });
  return Object.fromEntries(pairs);
}

export function readPage(query: Query): Page {
  const problems: Problem[] = [];
  const read = (name: string, fallback: number, max: number) => {
    const text = readText(query, name);
    if (text === null) return fallback;
    if (/^\d{1,9}$/.test(text) && Number(text) >= 1) return Math.min(Number(text), max);
    problems.push({ field: name, code: "value_is_invalid" });
    return fallback;
  };
  const page = { page: read("page", 1, 1_000_000), perPage: read("per_page", 100, PER_PAGE_MAX) };
  refuseIfAny(problems);
  return page;
}
