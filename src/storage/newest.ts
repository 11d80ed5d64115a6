/** Pages of lists that show the newest first, rows of one moment in order of insertion. */
import { type Selectable, type SelectQueryBuilder, sql } from "kysely";
import { offsetOf, type Page } from "../kernel/pages.ts";
import type { Tables } from "./tables.ts";

/** One page of what `query` selects, whole rows, and how many there are in all. */
export async function readNewest<T extends keyof Tables>(
  query: SelectQueryBuilder<Tables, T, object>,
  page: Page,
): Promise<{ rows: Selectable<Tables[T]>[]; count: number }> {
  const { count } = await query
    .select((eb) => eb.fn.countAll<bigint>().as("count"))
    .$castTo<{ count: bigint }>()
    .executeTakeFirstOrThrow();
  const rows = await query
    .selectAll()
    .orderBy(sql`created_at`, "desc")
    .orderBy(sql`ordinal`)
    .limit(page.perPage)
    .offset(offsetOf(page))
    .$castTo<Selectable<Tables[T]>>()
    .execute();
  return { rows, count: Number(count) };
}
