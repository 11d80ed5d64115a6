/**
 * The whole suite: types, lint, then every *.test.ts side by side against one PostgreSQL of its own.
 *   npm test                      everything
 *   npm test -- src/rating        what lies below a folder, or one file (no types, no lint)
 */
import { spawn } from "node:child_process";
import { glob } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { startTestPostgres } from "../src/testing/postgres.ts";

function run(command: string, args: readonly string[], env = process.env): Promise<number> {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: "inherit", env });
    child.once("exit", (code) => done(code ?? 1));
  });
}

async function testFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob("{bin,src,bench,conformance,examples,scripts}/**/*.test.ts")) files.push(file);
  const chosen =
    paths.length === 0
      ? files
      : files.filter((file) => paths.some((path) => file.startsWith(path.replace(/^\.\//, ""))));
  return chosen.sort();
}

async function main(): Promise<number> {
  const paths = process.argv.slice(2);
  if (paths.length === 0) {
    const checks = await Promise.all([
      run("node_modules/.bin/tsc", []),
      run("node_modules/.bin/biome", ["check", "--error-on-warnings"]),
    ]);
    if (checks.some((code) => code !== 0)) return 1;
  }
  const postgres = await startTestPostgres();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void postgres.stop().finally(() => process.exit(130)));
  }
  try {
    return await run(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      "--test",
      // By itself the runner leaves one core free, which on two would mean one file at a time.
      `--test-concurrency=${Math.max(2, availableParallelism() - 1)}`,
      "--test-timeout=480000",
      "--test-reporter=spec",
      ...(await testFiles(paths)),
    ]);
  } finally {
    await postgres.stop();
  }
}

process.exit(await main());
