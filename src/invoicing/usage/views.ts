/** A charge's buckets as a view wants them: narrowed to some events, grouped more or less finely. Pure. */
import { type Charge, type ChargeBucket, chargeBuckets, presentationGroupKeys } from "../../catalog/index.ts";
import type { EventBucket } from "../../metering/index.ts";
import type { UsageView } from "./model.ts";

export const INVOICE_VIEW: UsageView = { kind: "invoice", group: {}, is_grouped: true, presentation: null };
export const CURRENT_VIEW: UsageView = { ...INVOICE_VIEW, kind: "current" };

export interface ViewedBucket {
  readonly bucket: ChargeBucket;
  readonly events: EventBucket;
}

export interface ViewedCharge {
  readonly charge: Charge;
  /** In order of precedence. */
  readonly buckets: readonly ViewedBucket[];
  /** The same buckets split by presentation keys too; null where there are none. */
  readonly presentation: {
    readonly keys: readonly string[];
    readonly buckets: readonly EventBucket[];
  } | null;
  /** The same for charges that ask the same of metering, whatever they cost. */
  readonly key: string;
}

/** The plain views are asked for once per subscription and charge of a billing run. */
const known = new Map([INVOICE_VIEW, CURRENT_VIEW].map((view) => [view, new WeakMap<Charge, ViewedCharge>()]));

export function viewedCharge(charge: Charge, view: UsageView): ViewedCharge {
  const ofView = known.get(view);
  const found = ofView?.get(charge);
  if (found !== undefined) return found;
  const viewed = viewOf(charge, view);
  ofView?.set(charge, viewed);
  return viewed;
}

function viewOf(charge: Charge, view: UsageView): ViewedCharge {
  const buckets = chargeBuckets(charge).map((bucket) => ({ bucket, events: narrowed(bucket, view) }));
  const keys = presentationKeys(charge, view);
  const presentation =
    keys.length === 0
      ? null
      : {
          keys,
          buckets: buckets.map(({ events }) => ({ ...events, group_by: [...new Set([...events.group_by, ...keys])] })),
        };
  const { id } = charge.billable_metric;
  const key = JSON.stringify([id, isProrated(charge, view), buckets.map(({ events }) => events)]);
  return { charge, buckets, presentation, key };
}

/** Whether units count for their days alone. Charges in advance are renewed whole, and prorated at their events only (7.6). */
export function isProrated({ prorated, pay_in_advance }: Charge, { kind }: UsageView): boolean {
  return prorated && (kind === "current" || !pay_in_advance);
}

function presentationKeys(charge: Charge, { kind, presentation }: UsageView): string[] {
  return presentationGroupKeys(charge)
    .filter(({ display_in_invoice }) => kind === "current" || display_in_invoice)
    .map(({ value }) => value)
    .filter((key) => presentation === null || presentation.includes(key));
}

/** What the view keeps of a bucket meets the filter's condition and the view's, where both name a property. */
function narrowed({ conditions, pricing_group_keys }: ChargeBucket, { group, is_grouped }: UsageView): EventBucket {
  const both = new Map(Object.entries(conditions));
  for (const [key, wanted] of Object.entries(group)) {
    both.set(key, both.get(key)?.filter((value) => wanted.includes(value)) ?? wanted);
  }
  return {
    conditions: Object.fromEntries(both),
    group_by: is_grouped ? pricing_group_keys.filter((key) => !Object.hasOwn(group, key)) : [],
  };
}
