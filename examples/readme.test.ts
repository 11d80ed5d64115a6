import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ADMIN_KEY, startTestServer, type TestServer } from "../src/testing/server.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

interface Step {
  readonly commands: string;
  /** What README.md shows of the answer, "…" for what it leaves out; null where it shows nothing. */
  readonly shown: string | null;
}

/** The blocks of shell commands, each with the block of output that follows it. */
function stepsOf(readme: string): Step[] {
  const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text = ""]) => ({
    language,
    text,
  }));
  return blocks.flatMap(({ language, text }, index) => {
    if (language !== "sh") return [];
    const next = blocks[index + 1];
    const isOutput = next?.language === "json" || next?.language === "text";
    return [{ commands: text, shown: isOutput ? next.text.trim() : null }];
  });
}

const MARK = "-- end of a step --";

/** Runs everything in one shell, as a reader would; answers what each step printed. */
async function runInShell(commands: readonly string[]): Promise<string[]> {
  const script = commands.map((text) => `${text}\necho; echo '${MARK}'\n`).join("");
  const shell = spawn("bash", ["-e"], {
    cwd: ROOT,
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, URL: server.url },
  });
  let output = "";
  shell.stdout.on("data", (chunk) => {
    output += chunk;
  });
  shell.stdin.end(script);
  const code = await new Promise((done) => shell.once("close", done));
  assert.equal(code, 0, output);
  return output.split(`${MARK}\n`).map((text) => text.trim());
}

/** "a…b" matches what begins with a and ends with b. */
function patternOf(shown: string): RegExp {
  const parts = shown.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[\\s\\S]*")}$`);
}

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

test("the tour of README.md does what it shows", { skip: !hasCurl && "there is no curl" }, async () => {
  const steps = stepsOf(await readFile(`${ROOT}/README.md`, "utf8"));
  assert.ok(steps.length >= 11, "the tour was found");
  const printed = await runInShell(
    steps.map(({ commands }) =>
      commands.replaceAll("http://127.0.0.1:3000", server.url).replace("$(cat .weir/admin-api-key)", ADMIN_KEY),
    ),
  );
  for (const [index, { commands, shown }] of steps.entries()) {
    if (shown !== null) assert.match(printed[index] ?? "", patternOf(shown), commands);
  }
});
