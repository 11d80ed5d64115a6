/** Which measures the catalog's live charges need, as the folder keeps them. */
import { type AggregationType, meteredProperties } from "../../catalog/index.ts";
import type { DbOrTx } from "../../storage/database.ts";
import type { MeteredProperty } from "./folder.ts";

/** What is kept for an aggregation; null where nothing can be kept yet. */
const MEASURE_OF: Readonly<Record<AggregationType, MeteredProperty["measure"] | null>> = {
  count_agg: "numbers",
  sum_agg: "numbers",
  max_agg: "numbers",
  latest_agg: "last",
  unique_count_agg: "unique",
  weighted_sum_agg: null,
  custom_agg: null,
};

export async function meteredFields(
  db: DbOrTx,
  codes: readonly { organization_id: string; code: string }[],
): Promise<MeteredProperty[]> {
  const properties = await meteredProperties(db, codes);
  return properties.flatMap(({ organization_id, code, field_name, aggregation_type }) => {
    const measure = MEASURE_OF[aggregation_type];
    if (measure === null) return [];
    return [{ organization_id, code, measure, field_name: aggregation_type === "count_agg" ? null : field_name }];
  });
}
