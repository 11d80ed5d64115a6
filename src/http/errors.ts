/** The one translator from what was thrown to the contract's error bodies. Handlers never catch. */
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { detailsOf, type Problem, Refusal } from "../kernel/failure.ts";

const ERROR_TEXT: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  500: "Internal Server Error",
};

export interface ErrorBody {
  readonly status: number;
  readonly error: string;
  readonly code?: string;
  readonly error_details?: unknown;
}

export function refusalBody(refusal: Refusal): ErrorBody {
  const { status, code, details, message } = refusal;
  if (status === 400) return { status, error: `BadRequest: ${message}` };
  if (status === 401) return { status, error: "Unauthorized" };
  // A permission is refused under a code of its own: "write_action_not_allowed_for_plan".
  const shownCode = code === "action_not_allowed" ? message : code;
  return {
    status,
    error: ERROR_TEXT[status] ?? "Error",
    code: shownCode,
    ...(details === undefined ? {} : { error_details: details }),
  };
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Record<string, unknown>;
  readonly message?: string;
}

const CODE_OF_KEYWORD: Readonly<Record<string, string>> = {
  required: "value_is_mandatory",
  minLength: "value_is_mandatory",
  maxLength: "value_is_too_long",
  minimum: "value_is_out_of_range",
  maximum: "value_is_out_of_range",
  exclusiveMinimum: "value_is_out_of_range",
  exclusiveMaximum: "value_is_out_of_range",
};

/** What the branches of an alternative say of a value that is not theirs. */
const NOT_MINE = new Set(["type", "const", "enum", "anyOf"]);

/**
 * Without what failed alternatives say beside the point: where one branch took the value for its own and found it too
 * long or too large, that the other wanted null says nothing.
 */
function tellingErrors(errors: readonly SchemaError[]): SchemaError[] {
  const alternatives = new Set(errors.filter(({ keyword }) => keyword === "anyOf").map((error) => error.instancePath));
  const toldAtOrBelow = new Set<string>();
  for (const { keyword, instancePath } of errors) {
    if (NOT_MINE.has(keyword) && alternatives.has(instancePath)) continue;
    for (let at = instancePath; !toldAtOrBelow.has(at); at = at.slice(0, at.lastIndexOf("/"))) {
      toldAtOrBelow.add(at);
      if (at === "") break;
    }
  }
  return errors.filter(
    ({ keyword, instancePath }) =>
      !(NOT_MINE.has(keyword) && alternatives.has(instancePath) && toldAtOrBelow.has(instancePath)),
  );
}

/** Schema errors as problems: the deepest property name is the field, as the contract shows them without a path. */
function problemsOf(errors: readonly SchemaError[]): Problem[] {
  const problems: Problem[] = [];
  const add = (field: string, code: string) => {
    if (!problems.some((known) => known.field === field && known.code === code)) problems.push({ field, code });
  };
  for (const { keyword, instancePath, params } of tellingErrors(errors)) {
    const names = instancePath.split("/").filter((name) => name !== "" && !/^\d+$/.test(name));
    const missing = keyword === "required" ? String(params.missingProperty) : undefined;
    add(missing ?? names.at(-1) ?? "base", CODE_OF_KEYWORD[keyword] ?? "value_is_invalid");
  }
  return problems;
}

/** A body without its root key is 400; everything else that a schema refuses is 422. */
function refusalOfSchema(error: FastifyError): Refusal {
  const errors = (error.validation ?? []) as unknown as SchemaError[];
  const atRoot = errors.find(
    ({ instancePath, keyword }) => instancePath === "" || (keyword === "type" && instancePath.split("/").length === 2),
  );
  if (error.validationContext === "body" && atRoot) {
    const root = atRoot.params.missingProperty ?? atRoot.instancePath.slice(1);
    return new Refusal(
      "bad_request",
      undefined,
      `param is missing or the value is empty or invalid: ${root || "body"}`,
    );
  }
  return new Refusal("validation_errors", detailsOf(problemsOf(errors)));
}

/** Values that PostgreSQL cannot hold (class 22) were the caller's, whatever slipped past validation. */
function isDataException(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^22[0-9A-Z]{3}$/.test(code);
}

export function refusalOf(error: FastifyError | Error): Refusal | null {
  if (error instanceof Refusal) return error;
  const { code, statusCode, validation } = error as FastifyError;
  if (validation) return refusalOfSchema(error as FastifyError);
  if (statusCode === 413) return new Refusal("payload_too_large");
  if (statusCode === 415) return new Refusal("unsupported_media_type");
  if (isDataException(error)) return new Refusal("validation_errors", { base: ["value_is_invalid"] });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500 && code?.startsWith("FST_")) {
    return new Refusal("bad_request", undefined, error.message);
  }
  return null;
}

export function answerError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalOf(error);
  if (refusal) {
    if (!(error instanceof Refusal) && isDataException(error))
      request.log.warn({ err: error }, "a value the database refused");
    return reply.status(refusal.status).send(refusalBody(refusal));
  }
  request.log.error({ err: error }, "request failed");
  return reply.status(500).send({
    status: 500,
    error: "Internal Server Error",
    code: "internal_error",
    error_details: { request_id: request.id, hint: "The server's log has the cause under this request id." },
  });
}
