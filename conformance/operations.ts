/** The operations of an OpenAPI document, and which of them a request means. */
import { isMap, type JsonMap } from "./values.ts";

export interface Operation {
  readonly method: string;
  /** "/customers/{external_id}", without the document's prefix. */
  readonly template: string;
  readonly operationId: string | undefined;
  /** JSON pointer of the operation in its document, "#/paths/…". */
  readonly pointer: string;
  readonly responses: JsonMap;
}

export type Operations = readonly Operation[];

const METHODS = ["get", "put", "post", "delete", "patch"];

/** A key as a part of a JSON pointer. */
export const escapePointer = (text: string) => text.replaceAll("~", "~0").replaceAll("/", "~1");

/** What `document` describes under `prefix` ("/api/v1", or "" where its paths have none). */
export function readOperations(document: JsonMap, prefix = ""): Operations {
  const paths = Object.entries((document.paths ?? {}) as Record<string, JsonMap>);
  return paths
    .filter(([path]) => path.startsWith(`${prefix}/`))
    .flatMap(([path, item]) =>
      METHODS.filter((method) => isMap(item[method])).map((method) => {
        const operation = item[method] as JsonMap;
        return {
          method: method.toUpperCase(),
          template: path.slice(prefix.length),
          operationId: operation.operationId as string | undefined,
          pointer: `#/paths/${escapePointer(path)}/${method}`,
          responses: (operation.responses ?? {}) as JsonMap,
        };
      }),
    );
}

const isParameter = (segment: string) => segment.startsWith("{");
const segmentsOf = (path: string) =>
  path
    .replace(/[?#].*$/s, "")
    .replace(/\/$/, "")
    .split("/");

/** The operation that `method path` means, literal segments before parameters; null where the document has none. */
export function operationOf(operations: Operations, method: string, path: string): Operation | null {
  const segments = segmentsOf(path);
  const fits = ({ method: own, template }: Operation) => {
    const parts = template.split("/");
    return (
      own === method &&
      parts.length === segments.length &&
      parts.every((part, i) => isParameter(part) || part === segments[i])
    );
  };
  const parametersOf = ({ template }: Operation) => template.split("/").filter(isParameter).length;
  return operations.filter(fits).sort((a, b) => parametersOf(a) - parametersOf(b))[0] ?? null;
}
