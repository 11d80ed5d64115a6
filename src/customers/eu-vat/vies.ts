/**
 * The client of VIES, in which the Union's members answer whether a VAT number is somebody's: `POST {url}/check-vat-number`
 * of the Commission's public REST service. VIES is often busy or down, as are the registers behind it: no answer is one.
 */
import { storableText } from "../../kernel/text.ts";
import type { VatNumber } from "./number.ts";

export interface ViesDetails {
  readonly name: string | null;
  readonly address: string | null;
  readonly request_date: string | null;
  /** The proof of the consultation. */
  readonly request_identifier: string | null;
}

export type ViesAnswer =
  | { readonly status: "valid" | "invalid"; readonly details: ViesDetails }
  /** `error`: what VIES called it ("MS_UNAVAILABLE"), or TIMEOUT, CONNECTION_FAILED, HTTP_<status>, MALFORMED_ANSWER. */
  | { readonly status: "unavailable"; readonly error: string };

const TIMEOUT_MS = 15_000;
const ANSWER_LENGTH_MAX = 100_000;
const TEXT_LENGTH_MAX = 1_000;

/** Never throws: what goes wrong on the way is `unavailable`. */
export async function askVies(
  url: string,
  { prefix, number }: VatNumber,
  timeoutMs: number = TIMEOUT_MS,
): Promise<ViesAnswer> {
  try {
    const response = await fetch(`${url}/check-vat-number`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ countryCode: prefix, vatNumber: number }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return answerOf(response.status, await readText(response));
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    return { status: "unavailable", error: isLate ? "TIMEOUT" : "CONNECTION_FAILED" };
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of response.body ?? []) {
    text += decoder.decode(part, { stream: true });
    if (text.length > ANSWER_LENGTH_MAX) return "";
  }
  return text;
}

function answerOf(status: number, text: string): ViesAnswer {
  const body = parse(text);
  const error = errorOf(body);
  // The only fault that lies with the number.
  if (error === "INVALID_INPUT") return { status: "invalid", details: detailsOf(body) };
  if (error !== null) return { status: "unavailable", error };
  if (status !== 200) return { status: "unavailable", error: `HTTP_${status}` };
  const { valid } = body;
  if (typeof valid !== "boolean") return { status: "unavailable", error: "MALFORMED_ANSWER" };
  return { status: valid ? "valid" : "invalid", details: detailsOf(body) };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const CODE = /^[A-Z][A-Z0-9_]{2,60}$/;

/** `{"actionSucceed": false, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}`, whatever the status; or a `userError`. */
function errorOf({ actionSucceed, errorWrappers, userError }: Readonly<Record<string, unknown>>): string | null {
  const [first] = Array.isArray(errorWrappers) ? errorWrappers : [];
  const code: unknown = (first as { error?: unknown } | undefined)?.error ?? userError;
  if (typeof code === "string" && CODE.test(code) && code !== "VALID" && code !== "INVALID") return code;
  return actionSucceed === false ? "MALFORMED_ANSWER" : null;
}

function detailsOf(body: Readonly<Record<string, unknown>>): ViesDetails {
  const text = (value: unknown) =>
    // Registers that do not tell write dashes.
    typeof value === "string" && value.trim() !== "" && value.trim() !== "---"
      ? storableText(value.slice(0, TEXT_LENGTH_MAX))
      : null;
  return {
    name: text(body.name),
    address: text(body.address),
    request_date: text(body.requestDate),
    request_identifier: text(body.requestIdentifier),
  };
}
