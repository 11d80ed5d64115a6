/** Where the demo plays: on a server that runs, or on one of its own. */
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { startWeir } from "../../src/main.ts";
import { placeOf } from "../../src/storage/embedded.ts";
import type { Place } from "./stage.ts";

export interface OpenPlace extends Place {
  /** Where it is, in a few words. */
  readonly about: string;
  close(): Promise<void>;
}

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_URL = "http://127.0.0.1:3000";

/** WEIR_URL, else a server on the default port whose key is in the data folder, else a new one on a temporary folder. */
export async function openPlace(env: Env): Promise<OpenPlace> {
  const url = (env.WEIR_URL ?? DEFAULT_URL).replace(/\/+$/, "");
  const adminApiKey = env.WEIR_ADMIN_API_KEY ?? (await readAdminKey(env));
  const problem = await problemWith(url, adminApiKey);
  if (problem === null && adminApiKey !== null) {
    return { url, adminApiKey, about: url, async close() {} };
  }
  if (env.WEIR_URL !== undefined) throw new Error(`WEIR_URL=${url}: ${problem}`);
  return startOwn(env);
}

async function readAdminKey(env: Env): Promise<string | null> {
  const dataDir = await placeOf(readConfig(env));
  return readFile(join(dataDir, "admin-api-key"), "utf8").then(
    (text) => text.trim(),
    () => null,
  );
}

/** Why the demo cannot play there, or null. An empty order tells a good key (refused as invalid) from a wrong one. */
async function problemWith(url: string, adminApiKey: string | null): Promise<string | null> {
  try {
    const ready = await fetch(`${url}/ready`);
    if (!ready.ok) return `/ready answers ${ready.status}: ${await ready.text()}`;
    if (adminApiKey === null) return "its admin key is not known; expected it in WEIR_ADMIN_API_KEY";
    const headers = { "content-type": "application/json", "x-admin-api-key": adminApiKey };
    const { status } = await fetch(`${url}/admin/organizations`, { method: "POST", headers, body: "{}" });
    return status === 401 ? "it refuses the admin key; expected the right one in WEIR_ADMIN_API_KEY" : null;
  } catch {
    return "no server answers there; expected a Weir that runs";
  }
}

async function startOwn(env: Env): Promise<OpenPlace> {
  const dataDir = await mkdtemp(join(tmpdir(), "weir-demo-"));
  // PostgreSQL may run as another user.
  await chmod(dataDir, 0o755);
  const settings = { LOG_LEVEL: "warn", ...env, PORT: "0", HOST: "127.0.0.1", ROLE: "all", DATA_DIR: dataDir };
  const weir = await startWeir(readConfig({ ...settings, DATABASE_URL: undefined }));
  return {
    url: weir.url,
    adminApiKey: weir.adminApiKey,
    about: `${weir.url}, its own for this run`,
    async close() {
      await weir.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
