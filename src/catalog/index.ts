/**
 * Catalog: what is sold. Billable metrics, plans and their charges, and every version a plan had.
 * Owns billable_metrics, plans and everything of them, add_ons, pricing_units, plan_versions, and the units that subscriptions have of
 * fixed charges. Does not own who subscribes, nor how usage is priced.
 */

export { applyCascades } from "./cascade.ts";
export { answerCharge, answerCharges, answerFilter, answerFilters } from "./charge-answers.ts";
export { chargeOverrideOf } from "./charge-bodies.ts";
export {
  ChargeOverrideBody,
  FilterBody,
  ManyCharges,
  ManyFilters,
  OneCharge,
  OneFilter,
} from "./charge-schemas.ts";
export { type ChildPlan, changeChildPlan, createChildPlan } from "./child-plans.ts";
export {
  type CustomEvent,
  type CustomState,
  type CustomUsage,
  carriedState,
  FIRST_STATE,
  foldCustom,
} from "./custom/fold-custom.ts";
export { answerFixedCharge, answerFixedCharges, type OwnUnits } from "./fixed-charge-answers.ts";
export {
  type ClaimedUnits,
  claimUnits,
  loadUnitOverrides,
  loadUnitRecords,
  type NewUnitRecord,
  ownUnitsOf,
  removeUnitOverrides,
  setUnitOverrides,
  type UnitOverride,
  type UnitOverrides,
  type UnitRecords,
  type UnitsBeginning,
  unitRecordsOf,
  writeFirstUnits,
  writeUnitRecords,
} from "./fixed-charge-units-store.ts";
export { fixedChargeNamed } from "./fixed-charges-service.ts";
export { type ComputedProperty, type IngestCatalog, loadIngestCatalog } from "./ingest-catalog.ts";
export { findMetric, type MeteredProperty, meteredProperties } from "./metrics-store.ts";
export type * from "./model.ts";
export {
  changeOwnFilter,
  createOwnFilter,
  type OwnCharge,
  overrideCharge,
  removeOwnFilter,
} from "./own-charges.ts";
export { rememberedPlans } from "./plan-cache.ts";
export { finishPlanDeletion, plansToEnd } from "./plan-deletion.ts";
export {
  FixedChargeOverrideBody,
  fixedChargeOverrideOf,
  PlanOverridesInput,
  planOverridesOf,
} from "./plan-override-schemas.ts";
export { ManyFixedCharges, OneFixedCharge } from "./plan-part-schemas.ts";
export { presentPlansOf } from "./plans-service.ts";
export { findPlan, loadPlans, markPlanAttached } from "./plans-store.ts";
export { presentMetric } from "./present.ts";
export { catalogRoutes } from "./routes.ts";
export {
  ALL_FILTER_VALUES,
  bucketOfEvent,
  type ChargeBucket,
  chargeBuckets,
  isAllValues,
  presentationGroupKeys,
  propertyText,
} from "./rules/charge-buckets.ts";
export { evaluateExpression, isFailure, storedResult } from "./rules/evaluate.ts";
export {
  type FixedChargeUnits,
  fixedChargeUnits,
  type UnitRecord,
  type UnitsWindow,
} from "./rules/fixed-charge-units.ts";
export { notYetSubscribable } from "./rules/not-yet.ts";
export {
  checkPlanOverrides,
  type FixedChargeOverride,
  type PlanOverrides,
  readOwnUnits,
  unitsOnlyOverrides,
  withOwnUnits,
} from "./rules/plan-overrides.ts";
export type { PlanVersion } from "./rules/read-version.ts";
export type { UnitsChange } from "./rules/units-changes.ts";
export { MetricAnswer, PlanAnswer } from "./schemas.ts";
export type { StoredPlan } from "./stored.ts";
export { findPlanVersion, loadPlanVersions, type VersionKey, versionName } from "./versions-reading.ts";
