/** Processor time and memory of other processes, from /proc: on a shared machine they tell more than seconds do. */
import { readdir, readFile } from "node:fs/promises";
import type pg from "pg";

const TICKS_PER_SECOND = 100;

interface Stat {
  readonly parent: number;
  /** Seconds of the process itself, and of its children that have ended. */
  readonly own: number;
  readonly ended: number;
}

async function statOf(pid: number | string): Promise<Stat | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (text === null) return null;
  // After the name, which may hold blanks and parentheses: state, parent, …, utime (12th), stime, cutime, cstime.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const seconds = (...places: number[]) =>
    places.reduce((sum, place) => sum + (fields[place] ?? 0), 0) / TICKS_PER_SECOND;
  return { parent: fields[1] ?? 0, own: seconds(11, 12), ended: seconds(13, 14) };
}

export async function cpuSecondsOf(pid: number | undefined): Promise<number> {
  return (await statOf(pid ?? 0))?.own ?? 0;
}

/** Of the whole server that the pool is connected to: the postmaster's children, those that ended and those that live. */
export async function cpuSecondsOfPostgres(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ pid: number }>("select pg_backend_pid() as pid");
  const postmaster = (await statOf(rows[0]?.pid ?? 0))?.parent ?? 0;
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map(statOf));
  const children = stats.filter((stat) => stat?.parent === postmaster);
  const living = children.reduce((sum, stat) => sum + (stat?.own ?? 0), 0);
  return living + ((await statOf(postmaster))?.ended ?? 0);
}

/** The highest resident memory that a process ever had. */
export async function peakMemoryMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}
