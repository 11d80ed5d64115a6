/** The tables as the migrations leave them: what a query may name. Views of the living share the row of their table. */
import type {
  AddOnsTable,
  BillableMetricsTable,
  ChargeFiltersTable,
  ChargesTable,
  FixedChargesTable,
  FixedChargeUnitOverridesTable,
  FixedChargeUnitsTable,
  MinimumCommitmentsTable,
  PlanCascadesTable,
  PlansTable,
  PlanVersionsTable,
  PricingUnitsTable,
  UsageThresholdsTable,
} from "./tables/catalog.ts";
import type { CustomersTable, ViesChecksTable } from "./tables/customers.ts";
import type {
  ApiKeysTable,
  BillingEntitiesTable,
  DocumentSequencesTable,
  DomainEventsTable,
  OrganizationsTable,
} from "./tables/identity.ts";
import type {
  BillingRunBatchesTable,
  BillingRunErrorsTable,
  BillingRunsTable,
  FeesTable,
  InAdvanceLevelsTable,
  InAdvanceMarksTable,
  InAdvanceScopesTable,
  InAdvanceValuesTable,
  InvoiceSubscriptionsTable,
  InvoicesTable,
  LifetimeUsagesTable,
  WeightedLevelsTable,
} from "./tables/invoicing.ts";
import type {
  EventCommitsTable,
  EventKeysTable,
  EventsTable,
  EventVoidsTable,
  FoldSpecsTable,
  InAdvanceQueueTable,
  StreamFoldsTable,
  StreamsTable,
  UniqueOperationsTable,
  UniqueValuesTable,
  UsageCellsTable,
  UsageWindowsTable,
  WindowTotalsTable,
} from "./tables/metering.ts";
import type {
  BillingFailuresTable,
  BillingSchedulesTable,
  ScheduledChangesTable,
  SubscriptionChainsTable,
  SubscriptionDuesTable,
  SubscriptionsTable,
} from "./tables/subscriptions.ts";

export type * from "./tables/catalog.ts";
export type * from "./tables/customers.ts";
export type * from "./tables/identity.ts";
export type * from "./tables/invoicing.ts";
export type { Json } from "./tables/json.ts";
export type * from "./tables/metering.ts";
export type * from "./tables/subscriptions.ts";

export interface Tables {
  organizations: OrganizationsTable;
  api_keys: ApiKeysTable;
  billing_entities: BillingEntitiesTable;
  document_sequences: DocumentSequencesTable;
  domain_events: DomainEventsTable;
  billable_metrics: BillableMetricsTable;
  plans: PlansTable;
  charges: ChargesTable;
  charge_filters: ChargeFiltersTable;
  pricing_units: PricingUnitsTable;
  add_ons: AddOnsTable;
  fixed_charges: FixedChargesTable;
  minimum_commitments: MinimumCommitmentsTable;
  usage_thresholds: UsageThresholdsTable;
  plan_cascades: PlanCascadesTable;
  plan_versions: PlanVersionsTable;
  customers: CustomersTable;
  vies_checks: ViesChecksTable;
  subscription_chains: SubscriptionChainsTable;
  subscriptions: SubscriptionsTable;
  fixed_charge_units: FixedChargeUnitsTable;
  fixed_charge_unit_overrides: FixedChargeUnitOverridesTable;
  billing_schedules: BillingSchedulesTable;
  subscription_dues: SubscriptionDuesTable;
  scheduled_changes: ScheduledChangesTable;
  billing_failures: BillingFailuresTable;
  billing_runs: BillingRunsTable;
  billing_run_batches: BillingRunBatchesTable;
  billing_run_errors: BillingRunErrorsTable;
  streams: StreamsTable;
  event_keys: EventKeysTable;
  event_commits: EventCommitsTable;
  events: EventsTable;
  event_voids: EventVoidsTable;
  fold_specs: FoldSpecsTable;
  stream_folds: StreamFoldsTable;
  usage_cells: UsageCellsTable;
  usage_windows: UsageWindowsTable;
  window_totals: WindowTotalsTable;
  unique_values: UniqueValuesTable;
  unique_operations: UniqueOperationsTable;
  in_advance_queue: InAdvanceQueueTable;
  invoices: InvoicesTable;
  invoice_subscriptions: InvoiceSubscriptionsTable;
  fees: FeesTable;
  lifetime_usages: LifetimeUsagesTable;
  in_advance_scopes: InAdvanceScopesTable;
  in_advance_levels: InAdvanceLevelsTable;
  in_advance_values: InAdvanceValuesTable;
  in_advance_marks: InAdvanceMarksTable;
  weighted_levels: WeightedLevelsTable;
  live_billing_entities: BillingEntitiesTable;
  live_billable_metrics: BillableMetricsTable;
  live_plans: PlansTable;
  live_charges: ChargesTable;
  live_charge_filters: ChargeFiltersTable;
  live_add_ons: AddOnsTable;
  live_fixed_charges: FixedChargesTable;
  live_minimum_commitments: MinimumCommitmentsTable;
  live_usage_thresholds: UsageThresholdsTable;
  live_pricing_units: PricingUnitsTable;
  live_customers: CustomersTable;
  live_fees: FeesTable;
}
