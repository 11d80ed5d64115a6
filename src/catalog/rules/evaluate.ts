/** What an expression makes of an event (1.5 of the metering spec): exact decimals and texts. Pure. */
import {
  ceil,
  type Dec,
  dec,
  digitsOf,
  divide,
  floor,
  isRawNumber,
  max,
  min,
  parseDecimal,
  round,
  toWire,
  truncate,
  ZERO,
} from "../../kernel/decimal.ts";
import { propertyText } from "./charge-buckets.ts";
import type { BinaryOperator, Expression, FunctionName } from "./expression.ts";

/** What an expression sees of an event. */
export interface ExpressionEvent {
  /** Null where it is not known. */
  readonly code: string | null;
  /** Whole Unix seconds, as digits. */
  readonly timestamp: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Why there is no result, in words, e.g. `Variable: x not found`. */
export interface EvaluationFailure {
  readonly failure: string;
}

/** A number that was sent or written keeps its spelling for `concat`: "007" stays "007". */
interface NumberValue {
  readonly number: Dec;
  readonly spelling: string | null;
}
type Value = NumberValue | { readonly text: string };

const DIVISION_DIGITS = 100;
/** Beyond these a number or a text is no measure of anything, and would only cost time. */
const DIGITS_MAX = 400;
const TEXT_LENGTH_MAX = 65_536;
/** What a stored number may have after its point and still count (decisions 14). */
const STORED_PLACES = 30;

class Failed extends Error {}

/** The value of an expression for an event: a number, a text, or why there is none. */
export function evaluateExpression(expression: Expression, event: ExpressionEvent): Dec | string | EvaluationFailure {
  try {
    const value = evaluate(expression, event);
    return "text" in value ? value.text : value.number;
  } catch (error) {
    if (error instanceof Failed) return { failure: error.message };
    throw error;
  }
}

export function isFailure(result: Dec | string | EvaluationFailure): result is EvaluationFailure {
  return typeof result === "object" && "failure" in result;
}

/** A result as a property's text: a number as a decimal that counts as one ("3.0"), a text as it is. */
export function storedResult(result: Dec | string): string {
  return typeof result === "string" ? result : toWire(round(result, STORED_PLACES));
}

function evaluate(expression: Expression, event: ExpressionEvent): Value {
  switch (expression.kind) {
    case "number":
      return bounded(dec(expression.text), expression.text);
    case "text":
      return { text: expression.text };
    case "variable":
      return variableOf(event, expression.name);
    case "property":
      return propertyOf(event, expression.name);
    case "negated":
      return bounded(ZERO.minus(numberOf(expression.operand, event)));
    case "binary":
      return chainOf(expression, event);
    case "call":
      return FUNCTIONS[expression.name](expression.operands, event);
  }
}

function bounded(number: Dec, spelling: string | null = null): NumberValue {
  if (digitsOf(number) > DIGITS_MAX) throw new Failed("Number too long");
  // The library knows a zero below zero.
  return { number: number.eq(0) ? ZERO : number, spelling };
}

function variableOf({ code, timestamp }: ExpressionEvent, name: "timestamp" | "code"): Value {
  if (name === "timestamp") return bounded(dec(timestamp), timestamp);
  if (code === null) throw new Failed("Variable: code not found");
  return { text: code };
}

/** A property that is not there and one that is null are the same: an event without it. */
function propertyOf({ properties }: ExpressionEvent, name: string): Value {
  const value = Object.hasOwn(properties, name) ? properties[name] : null;
  const isNumber = typeof value === "number" || isRawNumber(value);
  const number = isNumber || (typeof value === "string" && value.length <= DIGITS_MAX) ? parseDecimal(value) : null;
  if (number !== null) return bounded(number, isNumber ? number.toFixed() : String(value));
  const text = isRawNumber(value) ? value.rawJSON : propertyText(value);
  if (text === null) throw new Failed(`Variable: ${name} not found`);
  return { text };
}

type Binary = Extract<Expression, { kind: "binary" }>;

/** Chains lean to the left, and may be as long as an expression: they are walked, not descended. */
function chainOf(expression: Binary, event: ExpressionEvent): NumberValue {
  const steps: Binary[] = [];
  let first: Expression = expression;
  while (first.kind === "binary") {
    steps.push(first);
    first = first.left;
  }
  let value = { number: numberOf(first, event), spelling: null } as NumberValue;
  for (const { operator, right } of steps.reverse()) {
    value = bounded(OPERATORS[operator](value.number, numberOf(right, event)));
  }
  return value;
}

function numberOf(expression: Expression, event: ExpressionEvent): Dec {
  const value = evaluate(expression, event);
  if ("text" in value) throw new Failed("Expected a decimal");
  return value.number;
}

const OPERATORS: Readonly<Record<BinaryOperator, (a: Dec, b: Dec) => Dec>> = {
  "+": (a, b) => a.plus(b),
  "-": (a, b) => a.minus(b),
  "*": (a, b) => a.times(b),
  "/": (a, b) => {
    if (b.eq(0)) throw new Failed("Division by zero");
    return divide(a, b, DIVISION_DIGITS);
  },
};

type Call = (operands: readonly Expression[], event: ExpressionEvent) => Value;

const FUNCTIONS: Readonly<Record<FunctionName, Call>> = {
  concat(operands, event) {
    let text = "";
    for (const operand of operands) {
      const value = evaluate(operand, event);
      text += "text" in value ? value.text : (value.spelling ?? value.number.toFixed());
      if (text.length > TEXT_LENGTH_MAX) throw new Failed("Text too long");
    }
    return { text };
  },
  round: rounding(round),
  ceil: rounding(ceil),
  floor: rounding(floor),
  least: (operands, event) => bounded(operands.map((operand) => numberOf(operand, event)).reduce(min)),
  greatest: (operands, event) => bounded(operands.map((operand) => numberOf(operand, event)).reduce(max)),
};

/** The second operand is cut to a whole number; no number here has as many digits as would be needed beyond ±DIGITS_MAX. */
function rounding(to: (value: Dec, places: number) => Dec): Call {
  return ([operand, places], event) => {
    const value = numberOf(operand as Expression, event);
    if (places === undefined) return bounded(to(value, 0));
    const wanted = truncate(numberOf(places, event));
    const limit = dec(DIGITS_MAX + 1);
    return bounded(to(value, Number(max(min(wanted, limit), ZERO.minus(limit)).toFixed())));
  };
}
