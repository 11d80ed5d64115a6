/** A whole Weir for a test file: own database, own port, and a client of an organization. */
import { readConfig } from "../config.ts";
import { startWeir } from "../main.ts";
import { createTestDatabase } from "./database.ts";

export const ADMIN_KEY = "test-admin-key-0123456789";

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
  readonly body: any;
  readonly headers: Headers;
}

/** Calls under /api/v1 with one organization's key. */
export interface Client {
  readonly apiKey: string;
  readonly organizationId: string;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** As `call`, and fails the test where the answer is not 2xx. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
  must(method: string, path: string, body?: unknown): Promise<any>;
  /** Sets the sandbox's clock. */
  at(now: string): Promise<void>;
  /** Runs named periodic jobs, or only waits for background work. */
  run(...jobs: string[]): Promise<void>;
}

export interface TestServer {
  readonly url: string;
  readonly databaseUrl: string;
  /** A fresh organization: a sandbox unless told otherwise. */
  organization(options?: { sandbox?: boolean }): Promise<Client>;
  close(): Promise<void>;
}

export async function startTestServer(env: Record<string, string> = {}): Promise<TestServer> {
  const database = await createTestDatabase();
  const weir = await startWeir(
    readConfig({
      PORT: "0",
      LOG_LEVEL: "error",
      DATABASE_URL: database.url,
      ADMIN_API_KEY: ADMIN_KEY,
      DATA_DIR: "/tmp/weir-test",
      // No test asks the Commission.
      VIES_URL: "off",
      ...env,
    }),
  );
  return {
    url: weir.url,
    databaseUrl: database.url,
    organization: (options) => createClient(weir.url, options),
    async close() {
      await weir.stop();
      await database.drop();
    },
  };
}

export async function createClient(
  url: string,
  { sandbox = true }: { sandbox?: boolean } = {},
  adminKey = ADMIN_KEY,
): Promise<Client> {
  const created = await request(
    `${url}/admin/organizations`,
    "POST",
    { organization: { name: "Test", sandbox } },
    { "x-admin-api-key": adminKey },
  );
  if (created.status !== 200)
    throw new Error(`POST /admin/organizations → ${created.status} ${JSON.stringify(created.body)}`);
  return clientOf(url, created.body.api_key, created.body.organization.lago_id);
}

export function clientOf(url: string, apiKey: string, organizationId: string): Client {
  const call = (method: string, path: string, body?: unknown) =>
    request(`${url}/api/v1${path}`, method, body, { authorization: `Bearer ${apiKey}` });
  const must = async (method: string, path: string, body?: unknown) => {
    const answer = await call(method, path, body);
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path} → ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    apiKey,
    organizationId,
    call,
    must,
    at: (now) => must("PUT", "/test_clock", { test_clock: { now } }),
    run: (...jobs) => must("POST", "/test_clock/run", { test_clock: { jobs } }),
  };
}

export async function request(
  url: string,
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, body: isJson && text !== "" ? JSON.parse(text) : text, headers: response.headers };
}
