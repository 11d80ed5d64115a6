/** The trace: one line per request that a language model served. See examples/llm-inference-trace/README.md. */
import { readFile } from "node:fs/promises";

export interface TraceLine {
  /** From 1. */
  readonly no: number;
  readonly at: Temporal.Instant;
  readonly promptTokens: number;
  readonly generatedTokens: number;
}

const FILE = new URL("../llm-inference-trace/code.csv", import.meta.url);

export async function readTrace(): Promise<TraceLine[]> {
  const [, ...lines] = (await readFile(FILE, "utf8")).trimEnd().split("\n");
  return lines.map((line, index) => {
    const [timestamp, prompt, generated] = line.trim().split(",");
    return {
      no: index + 1,
      at: Temporal.Instant.from(`${timestamp?.replace(" ", "T")}Z`),
      promptTokens: Number(prompt),
      generatedTokens: Number(generated),
    };
  });
}
