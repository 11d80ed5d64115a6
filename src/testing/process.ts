/** Weir as a process of its own: for tests of starting, stopping and crashing. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

const MAIN = new URL("../../bin/weir.ts", import.meta.url).pathname;

export interface WeirProcess {
  readonly pid: number;
  /** Everything written so far. */
  output(): string;
  /** Resolves to where it listens; rejects with the output where it ends before. */
  readonly listening: Promise<string>;
  /** The exit code; for a death by signal its name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs `weir start` with these settings alone: none is inherited but PATH. It ends with the test, whatever its outcome. */
export function spawnWeir(t: TestContext, env: Readonly<Record<string, string>>): WeirProcess {
  const child: ChildProcess = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, "start"], {
    env: { PATH: process.env.PATH ?? "", PORT: "0", LOG_LEVEL: "warn", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const listening = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<number | NodeJS.Signals>();
  // Who waits for neither is not told of a rejection.
  listening.promise.catch(() => {});
  const read = (chunk: Buffer) => {
    output += chunk;
    const url = /Weir listens on (\S+)/.exec(output)?.[1];
    if (url !== undefined) listening.resolve(url);
  };
  child.stdout?.on("data", read);
  child.stderr?.on("data", read);
  child.once("close", (code, signal) => {
    listening.reject(new Error(`ended with ${code ?? signal} before it listened:\n${output}`));
    ended.resolve(code ?? signal ?? 1);
  });
  t.after(async () => {
    child.kill("SIGTERM");
    await ended.promise;
  });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    listening: listening.promise,
    ended: ended.promise,
    kill: (signal) => void child.kill(signal),
  };
}

export interface DataFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** An empty folder that PostgreSQL's user can reach too. */
export async function createDataFolder(): Promise<DataFolder> {
  const path = await mkdtemp(join(tmpdir(), "weir-data-"));
  await chmod(path, 0o755);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
