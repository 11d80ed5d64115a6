/** Current usage of charges in advance: priced on what was charged already and what has come since (7.5 of the metering spec). */
import type { Charge } from "../../catalog/index.ts";
import { max, ZERO } from "../../kernel/decimal.ts";
import type { Group, GroupUsage } from "../../metering/index.ts";
import type { DbOrTx } from "../../storage/database.ts";
import type { BucketUsage, ChargeUsage, UsageBucket, UsageView } from "../usage/model.ts";
import { hasHighWaterMark } from "./rules/counted.ts";
import { pricedUnits } from "./rules/current-usage.ts";
import type { Marks } from "./rules/high-water.ts";
import { type GroupMarks, loadMarksOfPeriods } from "./store.ts";

const isMarked = (charge: Charge) => charge.pay_in_advance && hasHighWaterMark(charge);

/** The usages with the units of charges in advance as they are priced; their full units are those that are shown. */
export async function withUnitsInAdvance(
  db: DbOrTx,
  buckets: readonly UsageBucket[],
  gathered: readonly ChargeUsage[][],
): Promise<ChargeUsage[][]> {
  const marked = buckets.flatMap((bucket, index) =>
    bucket.view.kind === "current"
      ? (gathered[index] ?? []).filter(({ charge }) => isMarked(charge)).map((used) => ({ bucket, used }))
      : [],
  );
  if (marked.length === 0) return [...gathered];
  const marks = await loadMarksOfPeriods(
    db,
    marked[0]?.bucket.organization_id ?? "",
    marked.map(({ bucket, used }) => ({
      subscription_id: bucket.subscription_id,
      charge_id: used.charge.id,
      period_from: bucket.window.from,
    })),
  );
  const changed = new Map(
    marked.map(({ bucket, used }, index) => [used, chargeUsage(bucket, used, marks[index] ?? [])]),
  );
  return gathered.map((usages) => usages.map((used) => changed.get(used) ?? used));
}

function chargeUsage(bucket: UsageBucket, used: ChargeUsage, marks: readonly GroupMarks[]): ChargeUsage {
  const byFilter = Map.groupBy(
    marks.filter(({ grouped_by }) => isInView(bucket.view, grouped_by)),
    ({ charge_filter_id }) => charge_filter_id,
  );
  const { charge } = used;
  return {
    charge,
    buckets: used.buckets.map((one): BucketUsage => {
      const keys = Object.keys(one.groups[0]?.usage.group ?? {});
      const ofGroups = marksByGroup(keys, byFilter.get(one.bucket.filter?.id ?? null) ?? []);
      const groups = one.groups.map((grouped) => ({
        ...grouped,
        usage: pricedUsage(bucket, charge, grouped.usage, ofGroups.get(nameOf(keys, grouped.usage.group)) ?? null),
      }));
      return { ...one, groups };
    }),
  };
}

/** A view of some groups alone; by what the charge is not split by, it cannot tell whose marks are whose. */
function isInView({ group }: UsageView, grouped_by: Group): boolean {
  return Object.entries(group).every(
    ([key, texts]) => Object.hasOwn(grouped_by, key) && texts.includes(grouped_by[key] ?? ""),
  );
}

const nameOf = (keys: readonly string[], group: Group) => JSON.stringify(keys.map((key) => group[key] ?? null));

/** Groups that the view puts together add up. */
function marksByGroup(keys: readonly string[], marks: readonly GroupMarks[]): Map<string, Marks> {
  const sums = new Map<string, Marks>();
  for (const { grouped_by, current, max: highest, max_prorated } of marks) {
    const name = nameOf(keys, grouped_by);
    const known = sums.get(name) ?? { current: ZERO, max: ZERO, max_prorated: ZERO };
    sums.set(name, {
      current: known.current.plus(current),
      max: known.max.plus(highest),
      max_prorated: known.max_prorated.plus(max_prorated),
    });
  }
  return sums;
}

function pricedUsage(bucket: UsageBucket, { prorated }: Charge, usage: GroupUsage, marks: Marks | null): GroupUsage {
  const total = usage.full_units ?? usage.units;
  const { billed_days, period_days } = bucket;
  const proration = prorated ? { units: usage.units, billed_days, period_days } : null;
  return { ...usage, units: pricedUnits({ total, proration }, marks), full_units: max(total, ZERO) };
}
