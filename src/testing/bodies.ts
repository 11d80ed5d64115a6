/** Bodies that a route may well accept, by its schema. */
import fc from "fast-check";

export type Schema = Readonly<Record<string, unknown>>;

/** Values by the name of the key that holds them, as the organization under test has them. */
export type Known = Readonly<Record<string, string>>;

/** What fits `schema` as far as a schema tells; the value of a known key is often the known one. */
export function fitting(schema: Schema, known: Known, key = ""): fc.Arbitrary<unknown> {
  const own = known[key];
  const any = ofSchema(schema, known, key);
  return own === undefined || schema.type === "object" || schema.type === "array"
    ? any
    : fc.oneof({ arbitrary: fc.constant<unknown>(own), weight: 3 }, any);
}

function ofSchema(schema: Schema, known: Known, key: string): fc.Arbitrary<unknown> {
  const branches = (schema.anyOf ?? schema.oneOf) as readonly Schema[] | undefined;
  if (branches !== undefined) return fc.oneof(...branches.map((branch) => fitting(branch, known, key)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case "object":
      return objectOf(schema, known);
    case "array":
      return fc.array(fitting((schema.items ?? {}) as Schema, known, key), { maxLength: 3 });
    case "string":
      return textOf(schema);
    case "integer":
    case "number":
      return numberOf(schema);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf(schema: Schema, known: Known): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  if (properties.length === 0)
    return fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
  const required = (schema.required ?? []) as string[];
  return fc.record(Object.fromEntries(properties.map(([name, each]) => [name, fitting(each, known, name)])), {
    requiredKeys: required,
  });
}

function textOf(schema: Schema): fc.Arbitrary<string> {
  if (typeof schema.pattern === "string") return fc.stringMatching(new RegExp(schema.pattern));
  if (schema.format === "uuid") return fc.uuid();
  const words = ["EUR", "monthly", "2024-02-01T00:00:00Z", "2024-02-01", "standard", "1.5", "calendar", "sum_agg"];
  return fc.oneof(fc.constantFrom(...words), fc.string({ minLength: Number(schema.minLength ?? 0), maxLength: 12 }));
}

function numberOf(schema: Schema): fc.Arbitrary<number> {
  const [min, max] = [Number(schema.minimum ?? -1000), Number(schema.maximum ?? 1000)];
  return fc.oneof(fc.integer({ min: Math.max(min, -100), max: Math.min(max, 100) }), fc.constantFrom(min, max));
}
