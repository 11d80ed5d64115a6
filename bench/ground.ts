/** What each benchmark stands on: a PostgreSQL of its own, a Weir process beside it, an organization with a catalog. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { openPool } from "../src/storage/database.ts";
import { startEmbedded } from "../src/storage/embedded.ts";

export interface Ground {
  readonly databaseUrl: string;
  readonly pool: pg.Pool;
  /** Where the Weir process listens. */
  readonly url: string;
  readonly weir: ChildProcess;
  /** Another process of the same Weir, until it is stopped. */
  startWorker(env?: Record<string, string>): Promise<{ stop(): Promise<void> }>;
  end(): Promise<void>;
}

const ADMIN_KEY = "bench-admin-key-0123456789";

/** A durable PostgreSQL with its default settings, and one Weir with all roles. */
export async function prepareGround(env: Record<string, string> = {}): Promise<Ground> {
  const dataDir = await mkdtemp(join(tmpdir(), "weir-bench-"));
  await chmod(dataDir, 0o755);
  const embedded = await startEmbedded({ dataDir });
  const settings = { DATABASE_URL: embedded.url, DATA_DIR: dataDir, ADMIN_API_KEY: ADMIN_KEY };
  const { weir, url } = await startWeirProcess({ ...settings, ...env });
  const pool = openPool({ url: embedded.url, poolSize: 8 });
  return {
    databaseUrl: embedded.url,
    pool,
    url,
    weir,
    async startWorker(own = {}) {
      const worker = await startWeirProcess({ ...settings, ROLE: "worker", ...own });
      return { stop: () => stopProcess(worker.weir) };
    },
    async end() {
      await stopProcess(weir);
      await pool.end();
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function stopProcess(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await new Promise((done) => child.once("exit", done));
}

function startWeirProcess(env: Record<string, string>): Promise<{ weir: ChildProcess; url: string }> {
  const weir = spawn(process.execPath, [...process.execArgv, "bin/weir.ts", "start"], {
    env: { ...process.env, PORT: "0", LOG_LEVEL: "warn", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((done, fail) => {
    let output = "";
    weir.stdout?.on("data", (chunk) => {
      output += chunk;
      const match = /listens on (http:\S+)/.exec(output);
      if (match?.[1]) done({ weir, url: match[1] });
    });
    weir.once("exit", (code) => fail(new Error(`Weir ended with ${code}: ${output}`)));
  });
}

export interface Api {
  readonly apiKey: string;
  readonly organizationId: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the route answers
  call(method: string, path: string, body?: unknown): Promise<any>;
}

/** A real (not sandbox) organization. */
export async function createOrganization(url: string): Promise<Api> {
  const created = await request(
    `${url}/admin/organizations`,
    "POST",
    { organization: { name: "Bench" } },
    { "x-admin-api-key": ADMIN_KEY },
  );
  const apiKey = created.api_key as string;
  return {
    apiKey,
    organizationId: created.organization.lago_id,
    call: (method, path, body) => request(`${url}/api/v1${path}`, method, body, { authorization: `Bearer ${apiKey}` }),
  };
}

async function request(url: string, method: string, body: unknown, headers: Record<string, string>) {
  const response = await fetch(url, {
    method,
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} → ${response.status} ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

/** Waits until nothing is left to fold. */
export async function untilFolded(pool: pg.Pool): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ busy: boolean }>(
      "select exists (select from event_commits) or exists (select from stream_folds where grain = 0) or exists (select from usage_windows where not built) as busy",
    );
    if (rows[0]?.busy !== true) return;
    await new Promise((done) => setTimeout(done, 20));
  }
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export const rounded = (value: number, places = 0): number => Number(value.toFixed(places));
