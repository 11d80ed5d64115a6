/** A progress bar where there is a terminal, one line at the end where there is none; and tables. */

export interface Screen {
  line(text?: string): void;
  /** Begins a step of `total` parts. */
  step(name: string, total: number): Progress;
}

export interface Progress {
  /** `n` more parts are done. */
  add(n?: number): void;
  /** All are done: what there is to say about it. */
  done(note?: string): void;
}

const BAR_WIDTH = 28;
const NAME_WIDTH = 36;

export function createScreen(out: NodeJS.WriteStream = process.stdout): Screen {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  return {
    line: (text = "") => void out.write(`${text}\n`),
    step(name, total) {
      let count = 0;
      let drawn = -1;
      const draw = () => {
        const filled = Math.floor((count / Math.max(total, 1)) * BAR_WIDTH);
        if (!out.isTTY || filled === drawn) return;
        drawn = filled;
        const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
        out.write(
          `\r\x1b[K${name.padEnd(NAME_WIDTH)} ${bar} ${count.toLocaleString("en")}/${total.toLocaleString("en")}`,
        );
      };
      draw();
      return {
        add(n = 1) {
          count += n;
          draw();
        },
        done(note = "") {
          out.write(`${out.isTTY ? "\r\x1b[K" : ""}${name.padEnd(NAME_WIDTH)} ${note.padEnd(48)} ${seconds()}\n`);
        },
      };
    },
  };
}

/** Collects what is written; for tests. */
export function silentScreen(): Screen {
  return { line() {}, step: () => ({ add() {}, done() {} }) };
}

/** Columns as wide as their widest cell; all but the first two to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  foot: readonly string[],
): string[] {
  const all = [head, ...rows, foot];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const text = (row: readonly string[]) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  return [text(head), rule, ...rows.map(text), rule, text(foot)];
}
