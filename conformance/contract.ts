/** Every answer against the documents that describe it: Weir's own and the reference's. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { escapePointer, type Operation, operationOf, readOperations } from "./operations.ts";
import type { Exchange } from "./story.ts";
import { isMap, type JsonMap } from "./values.ts";

/** One way in which an answer is not what a document says. */
export interface Breach {
  readonly contract: string;
  /** "GET /plans/{code} 200" */
  readonly answer: string;
  /** Where in the document the broken rule stands; for a status that is not described, the operation. */
  readonly schema: string;
  /** Where in the answer, indexes as `*`. */
  readonly at: string;
  readonly message: string;
  readonly scenario: string;
}

export interface Contract {
  readonly name: string;
  /** What is wrong with an answer; nothing where the document does not know the operation. */
  check(exchange: Exchange): Breach[];
}

/** `prefix` is what the document's paths begin with before the API's own. */
export function createContract(name: string, document: JsonMap, prefix: string): Contract {
  const operations = readOperations(document, prefix);
  const schemas = modern(document) as JsonMap;
  const pointers = pointersOf(schemas);
  // `verbose`: an error holds the schema that it breaks, so that its place is known whichever reference led there.
  const ajv = new Ajv2020({ strict: false, allErrors: true, verbose: true, logger: false });
  addFormats.default(ajv);
  ajv.addSchema(schemas, name);
  const validators = new Map<string, ValidateFunction>();

  function validatorOf(pointer: string): ValidateFunction {
    const known = validators.get(pointer) ?? ajv.compile({ $ref: `${name}${pointer}` });
    validators.set(pointer, known);
    return known;
  }

  return {
    name,
    check(exchange) {
      const operation = operationOf(operations, exchange.method, exchange.path);
      if (operation === null) return [];
      const answer = `${operation.method} ${operation.template} ${exchange.status}`;
      const breach = (schema: string, at: string, message: string): Breach => ({
        contract: name,
        answer,
        schema,
        at,
        message,
        scenario: exchange.scenario,
      });
      const described = pointerOfAnswer(document, operation, exchange.status);
      if (described === null) return [breach(operation.pointer, "", `the status ${exchange.status} is not described`)];
      if (described.schema === null) return [];
      if (exchange.body === undefined) return [breach(described.schema, "", "the answer is no JSON")];
      const validate = validatorOf(described.schema);
      if (validate(exchange.body)) return [];
      return outermost(validate.errors ?? []).map((error) =>
        breach(
          `${pointers.get(error.parentSchema as object)}/${error.keyword}`,
          error.instancePath.replace(/\/\d+(?=\/|$)/g, "/*"),
          describe(error),
        ),
      );
    },
  };
}

/** `nullable` is OpenAPI 3.0's word, which a 3.1 document may still use: a type or a reference beside it may be null. */
function modern(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(modern);
  if (!isMap(value)) return value;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, modern(each)]));
  if (typeof nullable !== "boolean") return nullable === undefined ? rest : { nullable, ...rest };
  return nullable ? { anyOf: [rest, { type: "null" }] } : rest;
}

/** Where the schema of the operation's answer stands; `schema` is null for answers that are not JSON, or have no schema. */
function pointerOfAnswer(
  document: JsonMap,
  { pointer, responses }: Operation,
  status: number,
): { schema: string | null } | null {
  const response = responses[String(status)];
  if (!isMap(response)) return null;
  const at = typeof response.$ref === "string" ? response.$ref : `${pointer}/responses/${status}`;
  const described = typeof response.$ref === "string" ? resolve(document, response.$ref) : response;
  const media = isMap(described) && isMap(described.content) ? described.content["application/json"] : undefined;
  if (!isMap(media) || media.schema === undefined) return { schema: null };
  return { schema: `${at}/content/application~1json/schema` };
}

function resolve(document: JsonMap, pointer: string): unknown {
  let value: unknown = document;
  for (const part of pointer.slice(2).split("/")) {
    value = isMap(value) ? value[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
  }
  return value;
}

/**
 * The errors without those of an alternative's branches: where `oneOf` or `anyOf` fails, its own error says so,
 * after the errors of each branch at the same place or below.
 */
export function outermost(errors: readonly ErrorObject[]): ErrorObject[] {
  const kept: ErrorObject[] = [];
  for (const error of errors) {
    if (error.keyword === "oneOf" || error.keyword === "anyOf") {
      const isBelow = ({ instancePath }: ErrorObject) =>
        instancePath === error.instancePath || instancePath.startsWith(`${error.instancePath}/`);
      while (kept.length > 0 && isBelow(kept.at(-1) as ErrorObject)) kept.pop();
    }
    kept.push(error);
  }
  return kept;
}

/** Where each object of the document stands. */
function pointersOf(value: unknown, at = "#", pointers = new WeakMap<object, string>()): WeakMap<object, string> {
  if (typeof value !== "object" || value === null) return pointers;
  pointers.set(value, at);
  for (const [key, each] of Object.entries(value)) pointersOf(each, `${at}/${escapePointer(key)}`, pointers);
  return pointers;
}

function describe({ message, params, keyword }: ErrorObject): string {
  if (keyword === "enum") return `${message}: ${JSON.stringify(params.allowedValues)}`;
  return message ?? keyword;
}
