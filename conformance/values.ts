/** What scenarios are made of: parsed JSON. */
export type JsonMap = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is JsonMap =>
  value !== null && typeof value === "object" && !Array.isArray(value);

export const isNothing = (value: unknown): value is null | undefined => value === null || value === undefined;
