/** What of a catalog decides about events as they come in. */
import { sql } from "kysely";
import type { DbOrTx } from "../storage/database.ts";
import { type Expression, parseExpression } from "./rules/expression.ts";

/** A metric's property that is computed from the event. */
export interface ComputedProperty {
  readonly field_name: string;
  readonly expression: Expression;
}

export interface IngestCatalog {
  /** Stands for everything below: with the same version it is the same. */
  readonly catalog_version: bigint;
  /** By the code of the events. */
  readonly computed: ReadonlyMap<string, ComputedProperty>;
  /** Codes of events that some charge is paid in advance for. */
  readonly in_advance: ReadonlySet<string>;
}

interface Row {
  readonly catalog_version: bigint;
  readonly code: string | null;
  readonly field_name: string | null;
  readonly expression: string | null;
  readonly is_in_advance: boolean | null;
}

/** One statement, so that the version is that of what stands beside it. */
export async function loadIngestCatalog(db: DbOrTx, organizationId: string): Promise<IngestCatalog> {
  const { rows } = await sql<Row>`
    select o.catalog_version, m.code, m.field_name, m.expression, m.is_in_advance
    from organizations o
    left join lateral (
      select b.code, b.field_name, b.expression, exists (
        select from live_charges c
        where c.organization_id = b.organization_id and c.billable_metric_id = b.id and c.pay_in_advance) as is_in_advance
      from live_billable_metrics b where b.organization_id = o.id
    ) m on m.expression is not null or m.is_in_advance
    where o.id = ${organizationId}::uuid`.execute(db);
  const [first] = rows;
  if (first === undefined) throw new Error("an organization that is not there");
  const computed = new Map<string, ComputedProperty>();
  const in_advance = new Set<string>();
  for (const { code, field_name, expression: source, is_in_advance } of rows) {
    if (code !== null && is_in_advance) in_advance.add(code);
    const expression = source === null ? null : parseExpression(source);
    if (code !== null && field_name !== null && expression !== null) computed.set(code, { field_name, expression });
  }
  return { catalog_version: first.catalog_version, computed, in_advance };
}
