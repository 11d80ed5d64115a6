/**
 * The language of metric expressions, e.g. `round(event.properties.value * event.properties.units, 2)`: its grammar
 * (1.5 of the metering spec) as a parser into a tree.
 */

export type BinaryOperator = "+" | "-" | "*" | "/";
export type FunctionName = "concat" | "round" | "ceil" | "floor" | "least" | "greatest";

export type Expression =
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "variable"; readonly name: "timestamp" | "code" }
  | { readonly kind: "property"; readonly name: string }
  | { readonly kind: "negated"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "call"; readonly name: FunctionName; readonly operands: readonly Expression[] };

/** Lengths and depths beyond any real expression: a parse never exhausts the stack. */
const LENGTH_MAX = 10_000;
const DEPTH_MAX = 100;

/** How many operands a function takes. */
const ARITY: Readonly<Record<FunctionName, readonly [number, number]>> = {
  concat: [1, Number.POSITIVE_INFINITY],
  round: [1, 2],
  ceil: [1, 2],
  floor: [1, 2],
  least: [1, Number.POSITIVE_INFINITY],
  greatest: [1, Number.POSITIVE_INFINITY],
};

/** Spelled all-lower, ALL-UPPER or Capitalised; nothing else. */
const FUNCTIONS = new Map<string, FunctionName>(
  (Object.keys(ARITY) as FunctionName[]).flatMap((name) => [
    [name, name],
    [name.toUpperCase(), name],
    [name.charAt(0).toUpperCase() + name.slice(1), name],
  ]),
);

// The space is the only blank between tokens; a text has no escape.
const TOKEN = / *(?:(\d+(?:\.\d+)?)|'([^']*)'|([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)|([-+*/(),]))/y;
const PROPERTY = /^event\.properties\.([A-Za-z][A-Za-z0-9_]*)$/;

type Token =
  | { readonly kind: "number" | "text" | "word"; readonly text: string }
  | { readonly kind: "sign"; readonly text: string }
  | { readonly kind: "end"; readonly text: "" };

class SyntaxProblem extends Error {}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  const text = source.replace(/ +$/, "");
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) throw new SyntaxProblem();
    const [, number, quoted, word, sign] = match;
    if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (quoted !== undefined) tokens.push({ kind: "text", text: quoted });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else tokens.push({ kind: "sign", text: sign ?? "" });
  }
  tokens.push({ kind: "end", text: "" });
  return tokens;
}

/** Recursive descent, one function per rule of the grammar. */
interface Cursor {
  readonly tokens: readonly Token[];
  position: number;
  depth: number;
}

function isAt({ tokens, position }: Cursor, ...signs: string[]): boolean {
  const token = tokens[position];
  return token?.kind === "sign" && signs.includes(token.text);
}

function take(cursor: Cursor): Token {
  const token = cursor.tokens[cursor.position];
  if (token === undefined) throw new SyntaxProblem();
  cursor.position += 1;
  return token;
}

function expect(cursor: Cursor, sign: string): void {
  if (!isAt(cursor, sign)) throw new SyntaxProblem();
  cursor.position += 1;
}

function chain(
  cursor: Cursor,
  operand: (cursor: Cursor) => Expression,
  operators: readonly BinaryOperator[],
): Expression {
  let left = operand(cursor);
  while (isAt(cursor, ...operators)) {
    const operator = take(cursor).text as BinaryOperator;
    left = { kind: "binary", operator, left, right: operand(cursor) };
  }
  return left;
}

function expression(cursor: Cursor): Expression {
  cursor.depth += 1;
  if (cursor.depth > DEPTH_MAX) throw new SyntaxProblem();
  const parsed = chain(cursor, term, ["+", "-"]);
  cursor.depth -= 1;
  return parsed;
}

function term(cursor: Cursor): Expression {
  return chain(cursor, factor, ["*", "/"]);
}

function factor(cursor: Cursor): Expression {
  if (!isAt(cursor, "-")) return primary(cursor);
  cursor.position += 1;
  return { kind: "negated", operand: primary(cursor) };
}

function primary(cursor: Cursor): Expression {
  const { kind, text } = take(cursor);
  if (kind === "number" || kind === "text") return { kind, text };
  if (kind === "word") return isAt(cursor, "(") ? call(cursor, text) : variable(text);
  if (text !== "(") throw new SyntaxProblem();
  const inner = expression(cursor);
  expect(cursor, ")");
  return inner;
}

function call(cursor: Cursor, word: string): Expression {
  const name = FUNCTIONS.get(word);
  if (name === undefined) throw new SyntaxProblem();
  expect(cursor, "(");
  const operands = [expression(cursor)];
  while (isAt(cursor, ",")) {
    cursor.position += 1;
    operands.push(expression(cursor));
  }
  expect(cursor, ")");
  const [least, most] = ARITY[name];
  if (operands.length < least || operands.length > most) throw new SyntaxProblem();
  return { kind: "call", name, operands };
}

function variable(word: string): Expression {
  if (word === "event.timestamp") return { kind: "variable", name: "timestamp" };
  if (word === "event.code") return { kind: "variable", name: "code" };
  const property = PROPERTY.exec(word)?.[1];
  if (property === undefined) throw new SyntaxProblem();
  return { kind: "property", name: property };
}

/** The tree of an expression; null where it is none (`invalid_expression`). */
export function parseExpression(source: string): Expression | null {
  if (source.length > LENGTH_MAX) return null;
  try {
    const cursor: Cursor = { tokens: tokensOf(source), position: 0, depth: 0 };
    const parsed = expression(cursor);
    return take(cursor).kind === "end" ? parsed : null;
  } catch (error) {
    if (error instanceof SyntaxProblem) return null;
    throw error;
  }
}
