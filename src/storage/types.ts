/**
 * PostgreSQL's values as the domain's: timestamptz → Temporal.Instant (a Date would lose microseconds),
 * date → Temporal.PlainDate, int8 → bigint, numeric → Dec (a number would lose cents), jsonb with all its digits. Set once, here.
 */
import pg from "pg";
import { dec } from "../kernel/decimal.ts";
import { parseJson } from "../kernel/json.ts";

const { builtins } = pg.types;
const NUMERIC_ARRAY = 1231;
const TIMESTAMPTZ_ARRAY = 1185;
const INT8_ARRAY = 1016;

/** "2024-01-31 10:00:00.123456+00" → Instant. */
function parseInstant(text: string): Temporal.Instant {
  return Temporal.Instant.from(text.replace(" ", "T"));
}

function arrayOf<T>(parse: (text: string) => T): (text: string) => T[] {
  const parseTexts = pg.types.getTypeParser(1009 as never) as unknown as (text: string) => string[];
  return (text) => parseTexts(text).map(parse);
}

export function useDomainTypes(): void {
  pg.types.setTypeParser(builtins.TIMESTAMPTZ, parseInstant);
  pg.types.setTypeParser(builtins.DATE, (text) => Temporal.PlainDate.from(text));
  pg.types.setTypeParser(builtins.INT8, BigInt);
  pg.types.setTypeParser(builtins.NUMERIC, (text) => dec(text));
  pg.types.setTypeParser(builtins.JSONB, parseJson);
  pg.types.setTypeParser(TIMESTAMPTZ_ARRAY as never, arrayOf(parseInstant));
  pg.types.setTypeParser(INT8_ARRAY as never, arrayOf(BigInt));
  pg.types.setTypeParser(
    NUMERIC_ARRAY as never,
    arrayOf((text) => dec(text)),
  );
}
