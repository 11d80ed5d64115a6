/** Telling one scenario to a running server: each step in turn, until one goes otherwise than it should. */
import { randomUUID } from "node:crypto";
import { isSame } from "./compare.ts";
import { read } from "./paths.ts";
import type { CallStep, Scenario, Step } from "./scenario.ts";
import { isMap } from "./values.ts";

/** One request and its answer. */
export interface Exchange {
  readonly scenario: string;
  /** From 1; 0 is what happens before the first step. */
  readonly step: number;
  readonly method: string;
  /** Under /api/v1, with its query string. */
  readonly path: string;
  readonly status: number;
  /** The parsed JSON; undefined where the answer is none. */
  readonly body: unknown;
  readonly text: string;
  readonly contentType: string;
  /** Bytes of the answer. */
  readonly size: number;
}

export interface Audience {
  readonly url: string;
  readonly adminKey: string;
  /** Seconds that one request may take. */
  readonly patience?: number;
  /** Hears every exchange with the API. */
  observe?(exchange: Exchange): void;
}

/** Where a scenario went otherwise. */
export interface Failure {
  readonly step: number;
  readonly message: string;
  /** What the server answered there; null where the scenario itself is at fault. */
  readonly exchange: Exchange | null;
}

class Otherwise extends Error {
  readonly exchange: Exchange | null;
  constructor(message: string, exchange: Exchange | null = null) {
    super(message);
    this.exchange = exchange;
  }
}

/** What is known in the course of a story. */
interface Telling {
  readonly scenario: Scenario;
  readonly audience: Audience;
  readonly saved: Map<string, unknown>;
  apiKey: string;
  /** The clock, ISO 8601. */
  now: string;
  step: number;
}

/** Null where everything went as the scenario says. */
export async function tell(scenario: Scenario, audience: Audience): Promise<Failure | null> {
  const telling: Telling = { scenario, audience, saved: new Map(), apiKey: "", now: "", step: 0 };
  try {
    await open(telling);
    for (const step of scenario.steps) {
      telling.step++;
      await take(telling, step);
    }
    return null;
  } catch (error) {
    const exchange = error instanceof Otherwise ? error.exchange : null;
    return { step: telling.step, message: (error as Error).message, exchange };
  }
}

/** A sandbox of its own, its clock at the scenario's first moment, its settings. */
async function open(telling: Telling): Promise<void> {
  const { scenario, audience } = telling;
  const organization = { name: scenario.scenario.slice(0, 80), email: `${randomUUID()}@example.com`, sandbox: true };
  const created = await send(telling, "POST", "/admin/organizations", { organization }, [
    "x-admin-api-key",
    audience.adminKey,
  ]);
  const apiKey = isMap(created.body) ? created.body.api_key : undefined;
  if (typeof apiKey !== "string") throw new Otherwise(describeAnswer(created), created);
  telling.apiKey = apiKey;
  const first = scenario.steps.find((step) => "at" in step);
  if (first) await setClock(telling, first.at);
  if (scenario.organization) {
    await must(telling, "PUT", "/organizations", { organization: fill(telling, scenario.organization) });
  }
  if (scenario.billing_entity) {
    const list = await must(telling, "GET", "/billing_entities");
    const code = read(list.body, "billing_entities.0.code");
    await must(telling, "PUT", `/billing_entities/${code}`, {
      billing_entity: fill(telling, scenario.billing_entity),
    });
  }
}

async function take(telling: Telling, step: Step): Promise<void> {
  if ("call" in step) return takeCall(telling, step);
  if ("at" in step) return setClock(telling, step.at);
  if ("run" in step) return runJobs(telling, step.run);
  if (!("note" in step)) throw new Otherwise(`unknown step ${JSON.stringify(step)}`);
}

async function takeCall(telling: Telling, step: CallStep): Promise<void> {
  const [, method = "", path = ""] = /^(\S+)\s+(.*)$/s.exec(String(fill(telling, step.call))) ?? [];
  const answer = await call(telling, method, path, fill(telling, step.body));
  const isExpected = step.status === undefined ? isOk(answer) : answer.status === step.status;
  if (!isExpected) {
    throw new Otherwise(`${describeAnswer(answer)}\nexpected the status ${step.status ?? "2xx"}`, answer);
  }
  // The background work that a call causes is complete before the next step.
  if (method !== "GET") await runJobs(telling, []);
  const seen = step.download ? { content_type: answer.contentType, bytes: answer.size } : answer.body;
  for (const [name, path] of Object.entries(step.save ?? {})) {
    const value = read(seen, String(fill(telling, path)));
    if (value === undefined) throw new Otherwise(`nothing at "${path}" to save: ${describeAnswer(answer)}`, answer);
    telling.saved.set(name, value);
  }
  const wrong = Object.entries(step.expect ?? {}).flatMap(([path, want]) => differences(telling, seen, path, want));
  if (wrong.length > 0) throw new Otherwise([`${method} ${path}`, ...wrong].join("\n"), answer);
}

function differences(telling: Telling, seen: unknown, path: string, want: unknown): string[] {
  const [at, wanted] = [String(fill(telling, path)), fill(telling, want)];
  const value = read(seen, at);
  return isSame(value, wanted) ? [] : [`  ${at}: got ${show(value)}, expected ${show(wanted)}`];
}

const show = (value: unknown) => (JSON.stringify(value) ?? "nothing").slice(0, 300);
const isOk = ({ status }: Exchange) => status >= 200 && status < 300;
const describeAnswer = ({ method, path, status, text }: Exchange) =>
  `${method} ${path} → ${status} ${text.slice(0, 500)}`;

async function setClock(telling: Telling, at: string): Promise<void> {
  telling.now = Temporal.Instant.from(at).toString({ fractionalSecondDigits: 3 });
  await must(telling, "PUT", "/test_clock", { test_clock: { now: telling.now } });
}

async function runJobs(telling: Telling, jobs: readonly string[]): Promise<void> {
  await must(telling, "POST", "/test_clock/run", { test_clock: { jobs } });
}

async function must(telling: Telling, method: string, path: string, body?: unknown): Promise<Exchange> {
  const answer = await call(telling, method, path, body);
  if (!isOk(answer)) throw new Otherwise(describeAnswer(answer), answer);
  return answer;
}

async function call(telling: Telling, method: string, path: string, body?: unknown): Promise<Exchange> {
  const answer = await send(telling, method, `/api/v1${path}`, body, ["authorization", `Bearer ${telling.apiKey}`]);
  const exchange = { ...answer, path };
  telling.audience.observe?.(exchange);
  return exchange;
}

async function send(
  { scenario, audience, step }: Telling,
  method: string,
  path: string,
  body: unknown,
  credential: readonly [string, string],
): Promise<Exchange> {
  const response = await fetch(audience.url + path, {
    method,
    signal: AbortSignal.timeout((audience.patience ?? 30) * 1000),
    headers: [
      ["accept", "application/json"],
      [...credential],
      ...(body === undefined ? [] : [["content-type", "application/json"] as [string, string]]),
    ],
    body: body === undefined ? null : JSON.stringify(body),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString("utf8");
  const contentType = response.headers.get("content-type") ?? "";
  return {
    scenario: scenario.name,
    step,
    method,
    path,
    status: response.status,
    body: contentType.includes("json") ? parse(text) : undefined,
    text,
    contentType,
    size: bytes.length,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `${name}` in texts, keys and values replaced; a text that is nothing else takes the saved value's own type. */
function fill(telling: Telling, value: unknown): unknown {
  if (typeof value === "string") {
    const whole = /^\$\{([\w.]+)\}$/.exec(value)?.[1];
    if (whole !== undefined) return saidAs(telling, whole);
    return value.replace(/\$\{([\w.]+)\}/g, (_, name: string) => String(saidAs(telling, name)));
  }
  if (Array.isArray(value)) return value.map((element) => fill(telling, element));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [String(fill(telling, key)), fill(telling, each)]),
  );
}

function saidAs({ saved, now }: Telling, name: string): unknown {
  if (name === "uuid") return randomUUID();
  if (name === "now") return now;
  if (name === "now_unix") return Math.floor(Temporal.Instant.from(now).epochMilliseconds / 1000);
  if (!saved.has(name)) throw new Otherwise(`nothing is saved as "${name}"`);
  return saved.get(name);
}
