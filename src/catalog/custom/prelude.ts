/**
 * What stands around a script inside its sandbox, as source text: exact decimals before it, the fold behind it. All of it runs in
 * the sandbox, so that a script which tampers with it hurts its own result alone.
 */

/**
 * `decimal`: exact arithmetic on numbers and decimal texts, e.g. decimal.add("0.1", 0.2) is "0.3". Numbers stand for the decimal
 * that they print as. A quotient is cut to `places` decimals (20), half away from zero.
 */
const DECIMAL = `
globalThis.decimal = (() => {
  const SHAPE = /^([+-]?)(\\d+)(?:\\.(\\d+))?(?:e([+-]?\\d{1,3}))?$/;
  const read = (value) => {
    const [all, sign, whole, places = "", exponent = "0"] = SHAPE.exec(String(value)) ?? [];
    if (all === undefined) throw new TypeError("not a decimal: " + String(value).slice(0, 50));
    const scale = places.length - Number(exponent);
    const digits = BigInt(whole + places) * (scale < 0 ? 10n ** BigInt(-scale) : 1n);
    return { digits: sign === "-" ? -digits : digits, scale: Math.max(scale, 0) };
  };
  const write = (digits, scale) => {
    const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, "0");
    const whole = text.slice(0, text.length - scale);
    const places = scale === 0 ? "" : text.slice(-scale).replace(/0+$/, "");
    const sign = digits < 0n ? "-" : "";
    return sign + whole + (places === "" ? "" : "." + places);
  };
  const aligned = (a, b) => {
    const [x, y] = [read(a), read(b)];
    const scale = Math.max(x.scale, y.scale);
    const at = (one) => one.digits * 10n ** BigInt(scale - one.scale);
    return [at(x), at(y), scale];
  };
  const divided = (over, under, rest) => {
    const quotient = over / under;
    const left = over % under;
    return left === 0n ? quotient : quotient + rest(left, under, (over < 0n) === (under < 0n) ? 1n : -1n);
  };
  const abs = (value) => (value < 0n ? -value : value);
  const half = (left, under, away) => (2n * abs(left) >= abs(under) ? away : 0n);
  const to = (rest) => (value, places = 0) => {
    const { digits, scale } = read(value);
    if (places >= scale) return write(digits, scale);
    const step = 10n ** BigInt(scale - places);
    const whole = divided(digits, step, rest);
    return places >= 0 ? write(whole, places) : write(whole * 10n ** BigInt(-places), 0);
  };
  const compare = (a, b) => { const [x, y] = aligned(a, b); return x < y ? -1 : x > y ? 1 : 0; };
  return Object.freeze({
    add: (a, b) => { const [x, y, scale] = aligned(a, b); return write(x + y, scale); },
    sub: (a, b) => { const [x, y, scale] = aligned(a, b); return write(x - y, scale); },
    mul: (a, b) => { const [x, y] = [read(a), read(b)]; return write(x.digits * y.digits, x.scale + y.scale); },
    div: (a, b, places = 20) => {
      const [x, y] = aligned(a, b);
      if (y === 0n) throw new RangeError("division by zero");
      return write(divided(x * 10n ** BigInt(places), y, half), places);
    },
    compare,
    min: (a, b) => (compare(a, b) <= 0 ? a : b),
    max: (a, b) => (compare(a, b) >= 0 ? a : b),
    round: to(half),
    ceil: to((left, under, away) => (away > 0n ? 1n : 0n)),
    floor: to((left, under, away) => (away < 0n ? -1n : 0n)),
  });
})();`;

/** No luck: what a script answers depends on what it is given alone. There is no Date, and nothing to wait for. */
const NO_LUCK = "delete Math.random;";

export const PRELUDE = `"use strict";${DECIMAL}${NO_LUCK}`;

/** Folds a piece of the events; a state that JSON would change is no state. Answers the next state's JSON text. */
export const FOLD = `"use strict";
((events, properties, state) => {
  properties = JSON.parse(properties);
  state = JSON.parse(state);
  if (typeof aggregate !== "function") throw new TypeError("there is no function aggregate(state, event, properties)");
  for (const event of JSON.parse(events)) {
    state = aggregate(state, event, properties);
    if (typeof state !== "object" || state === null || Array.isArray(state))
      throw new TypeError("aggregate(state, event, properties) must return the next state, an object");
  }
  const plain = (value, at) => {
    if (value === null || typeof value === "string" || typeof value === "boolean") return;
    if (typeof value === "number" && Number.isFinite(value)) return;
    const isPlain = Array.isArray(value) || (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype);
    if (!isPlain) throw new TypeError("the state must be JSON: " + at + " is " + (typeof value === "object" ? "an object of a class" : String(value)));
    for (const key of Object.keys(value)) plain(value[key], at + "." + key);
  };
  plain(state, "state");
  return JSON.stringify(state);
})`;
