-- The ground: who (organizations), what is sold (catalog), to whom (customers, subscriptions),
-- what was used (events, usage cells), and what is owed (invoices, fees).
--
-- organization_id stands on every row and first in every tenant index; foreign keys are composite,
-- so that a row of one organization can never point at a row of another.

---------------------------------------------------------------- identity

create table organizations (
  id uuid primary key,
  ordinal bigint generated always as identity,
  name text not null,
  slug text not null unique,
  sandbox boolean not null default false,
  -- A sandbox's present, once it has been set; real organizations live on machine time.
  clock_now timestamptz,
  document_number_prefix text not null,
  -- Incremented by every catalog write: what a process cached under an older version is stale.
  catalog_version bigint not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (sandbox or clock_now is null)
);

create table api_keys (
  organization_id uuid not null references organizations (id),
  id uuid not null,
  ordinal bigint generated always as identity,
  name text,
  key_hash bytea not null unique,
  value_hint text not null,
  -- {resource: ["read", "write"]}; null means everything.
  permissions jsonb,
  expires_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null,
  primary key (organization_id, id)
);
create index api_keys_list on api_keys (organization_id, created_at desc, ordinal);

create table billing_entities (
  organization_id uuid not null references organizations (id),
  id uuid not null,
  ordinal bigint generated always as identity,
  code text not null,
  name text not null,
  legal_name text,
  legal_number text,
  tax_identification_number text,
  email text,
  phone text,
  address_line1 text,
  address_line2 text,
  city text,
  state text,
  zipcode text,
  country text,
  default_currency text not null default 'USD',
  timezone text not null default 'UTC',
  document_locale text not null default 'en',
  document_numbering text not null default 'per_customer' check (document_numbering in ('per_customer', 'per_billing_entity')),
  document_number_prefix text not null,
  invoice_footer text,
  invoice_grace_period integer not null default 0 check (invoice_grace_period >= 0),
  subscription_invoice_issuing_date_anchor text not null default 'next_period_start'
    check (subscription_invoice_issuing_date_anchor in ('next_period_start', 'current_period_end')),
  subscription_invoice_issuing_date_adjustment text not null default 'align_with_finalization_date'
    check (subscription_invoice_issuing_date_adjustment in ('align_with_finalization_date', 'keep_anchor')),
  net_payment_term integer not null default 0 check (net_payment_term >= 0),
  finalize_zero_amount_invoice boolean not null default true,
  email_settings text[] not null default '{}',
  -- Whether its customers are given their VAT by country and number.
  eu_tax_management boolean not null default false,
  logo_url text,
  archived_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (organization_id, id)
);
create unique index billing_entities_code on billing_entities (organization_id, code) where archived_at is null;

-- Counters of documents and customers. A number is taken by `update … returning` in the transaction
-- of the thing it numbers, so that the series has no gap.
create table document_sequences (
  organization_id uuid not null references organizations (id),
  kind text not null,
  -- What the series runs within, e.g. '' (the organization) or '<customer id>/<billing entity id>'.
  scope text not null default '',
  last bigint not null default 0,
  primary key (organization_id, kind, scope)
);

create table domain_events (
  organization_id uuid not null,
  ordinal bigint generated always as identity,
  kind text not null,
  subject_type text not null,
  subject_id uuid not null,
  payload jsonb not null default '{}',
  created_at timestamptz not null,
  primary key (organization_id, ordinal)
);

---------------------------------------------------------------- catalog

create table billable_metrics (
  organization_id uuid not null references organizations (id),
  id uuid not null,
  ordinal bigint generated always as identity,
  code text not null,
  name text not null,
  description text,
  aggregation_type text not null check (aggregation_type in
    ('count_agg', 'sum_agg', 'max_agg', 'unique_count_agg', 'weighted_sum_agg', 'latest_agg', 'custom_agg')),
  field_name text,
  recurring boolean not null default false,
  weighted_interval text,
  rounding_function text check (rounding_function in ('round', 'ceil', 'floor')),
  rounding_precision integer,
  expression text,
  -- The source of a custom aggregation's reducer.
  custom_aggregator text,
  -- [{"key": "region", "values": ["eu", "us"]}], ordered by key.
  filters jsonb not null default '[]',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (organization_id, id)
);
create unique index billable_metrics_code on billable_metrics (organization_id, code) where deleted_at is null;
create index billable_metrics_list on billable_metrics (organization_id, created_at desc, ordinal) where deleted_at is null;

create table plans (
  organization_id uuid not null references organizations (id),
  id uuid not null,
  ordinal bigint generated always as identity,
  parent_id uuid,
  code text not null,
  name text not null,
  invoice_display_name text,
  description text,
  interval text not null check (interval in ('weekly', 'monthly', 'quarterly', 'semiannual', 'yearly')),
  amount_cents bigint not null check (amount_cents >= 0),
  amount_currency text not null,
  pay_in_advance boolean not null,
  trial_period numeric check (trial_period >= 0),
  bill_charges_monthly boolean,
  bill_fixed_charges_monthly boolean,
  -- {"key": "value" or null}, at most 50; null: none was ever set.
  metadata jsonb,
  pending_deletion boolean not null default false,
  -- Whether any subscription was ever on it: from then on its terms are fixed.
  attached boolean not null default false,
  version_no integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, parent_id) references plans (organization_id, id)
);
create unique index plans_code on plans (organization_id, code) where deleted_at is null and parent_id is null;
create index plans_list on plans (organization_id, created_at desc, ordinal) where deleted_at is null and parent_id is null;
create index plans_children on plans (organization_id, parent_id) where deleted_at is null and parent_id is not null;

-- Credits that a charge may be priced in; 1 unit = 100 of its cents.
create table pricing_units (
  organization_id uuid not null references organizations (id),
  id uuid not null,
  ordinal bigint generated always as identity,
  code text not null,
  name text not null,
  short_name text not null,
  description text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (organization_id, id)
);
create unique index pricing_units_code on pricing_units (organization_id, code) where deleted_at is null;
create index pricing_units_list on pricing_units (organization_id, created_at desc, ordinal) where deleted_at is null;

create table charges (
  organization_id uuid not null,
  id uuid not null,
  ordinal bigint generated always as identity,
  plan_id uuid not null,
  billable_metric_id uuid not null,
  parent_id uuid,
  code text not null,
  charge_model text not null check (charge_model in
    ('standard', 'graduated', 'package', 'percentage', 'volume', 'graduated_percentage', 'dynamic', 'custom')),
  pay_in_advance boolean not null default false,
  prorated boolean not null default false,
  invoiceable boolean not null default true,
  regroup_paid_fees text check (regroup_paid_fees = 'invoice'),
  min_amount_cents bigint not null default 0 check (min_amount_cents >= 0),
  accepts_target_wallet boolean not null default false,
  invoice_display_name text,
  properties jsonb not null,
  -- What its prices are in, where that is not the plan's currency; the rate is currency units per pricing unit.
  pricing_unit_id uuid,
  conversion_rate numeric(40, 15) check (conversion_rate > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, plan_id) references plans (organization_id, id),
  foreign key (organization_id, billable_metric_id) references billable_metrics (organization_id, id),
  foreign key (organization_id, parent_id) references charges (organization_id, id),
  foreign key (organization_id, pricing_unit_id) references pricing_units (organization_id, id),
  check ((pricing_unit_id is null) = (conversion_rate is null))
);
create unique index charges_code on charges (organization_id, plan_id, code) where deleted_at is null;
create index charges_metric on charges (organization_id, billable_metric_id) where deleted_at is null;
create index charges_parent on charges (organization_id, parent_id) where deleted_at is null and parent_id is not null;
create index charges_pricing_unit on charges (organization_id, pricing_unit_id) where deleted_at is null and pricing_unit_id is not null;

-- A price of its own for the events whose properties are among the filter's values.
create table charge_filters (
  organization_id uuid not null,
  id uuid not null,
  -- Of filters with equal values the oldest counts.
  ordinal bigint generated always as identity,
  charge_id uuid not null,
  -- The place in the list that was sent last.
  position integer not null,
  invoice_display_name text,
  properties jsonb not null,
  -- {"region": ["eu", "us"]}: in the order given; ["__ALL_FILTER_VALUES__"] stands for every value that the metric admits.
  "values" jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, charge_id) references charges (organization_id, id)
);
create index charge_filters_charge on charge_filters (organization_id, charge_id, position, ordinal) where deleted_at is null;

-- What is sold by the piece: on an invoice of its own, or in a plan as a fixed charge.
create table add_ons (
  organization_id uuid not null references organizations (id),
  id uuid not null,
  ordinal bigint generated always as identity,
  code text not null,
  name text not null,
  invoice_display_name text,
  description text,
  amount_cents bigint not null check (amount_cents > 0),
  amount_currency text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (organization_id, id)
);
create unique index add_ons_code on add_ons (organization_id, code) where deleted_at is null;
create index add_ons_list on add_ons (organization_id, created_at desc, ordinal) where deleted_at is null;

-- A quantity of an add-on that belongs to a plan.
create table fixed_charges (
  organization_id uuid not null,
  id uuid not null,
  ordinal bigint generated always as identity,
  plan_id uuid not null,
  add_on_id uuid not null,
  parent_id uuid,
  code text not null,
  charge_model text not null check (charge_model in ('standard', 'graduated', 'volume')),
  -- Of the plan; what a subscription has at a time is in fixed_charge_units.
  units numeric(30, 10) not null check (units >= 0),
  pay_in_advance boolean not null default false,
  prorated boolean not null default false,
  invoice_display_name text,
  properties jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, plan_id) references plans (organization_id, id),
  foreign key (organization_id, add_on_id) references add_ons (organization_id, id),
  foreign key (organization_id, parent_id) references fixed_charges (organization_id, id)
);
create unique index fixed_charges_code on fixed_charges (organization_id, plan_id, code) where deleted_at is null;
create index fixed_charges_add_on on fixed_charges (organization_id, add_on_id) where deleted_at is null;
create index fixed_charges_parent on fixed_charges (organization_id, parent_id) where deleted_at is null and parent_id is not null;

create table minimum_commitments (
  organization_id uuid not null,
  id uuid not null,
  plan_id uuid not null,
  amount_cents bigint not null check (amount_cents > 0),
  invoice_display_name text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, plan_id) references plans (organization_id, id)
);
create unique index minimum_commitments_plan on minimum_commitments (organization_id, plan_id) where deleted_at is null;

-- Amounts of lifetime usage at which an invoice is made before its time.
create table usage_thresholds (
  organization_id uuid not null,
  id uuid not null,
  ordinal bigint generated always as identity,
  plan_id uuid not null,
  amount_cents bigint not null check (amount_cents > 0),
  -- Again each time that usage has grown by the amount, after the last one that is not.
  recurring boolean not null default false,
  threshold_display_name text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, plan_id) references plans (organization_id, id)
);
create unique index usage_thresholds_plan on usage_thresholds (organization_id, plan_id, recurring, amount_cents) where deleted_at is null;

-- Changes of a plan that its children are still to follow, in their order.
create table plan_cascades (
  organization_id uuid not null,
  ordinal bigint generated always as identity,
  plan_id uuid not null,
  change jsonb not null,
  created_at timestamptz not null,
  primary key (organization_id, plan_id, ordinal),
  foreign key (organization_id, plan_id) references plans (organization_id, id)
);

-- What a plan was at each effective change: a fee keeps the version that priced it.
create table plan_versions (
  organization_id uuid not null,
  plan_id uuid not null,
  no integer not null,
  content jsonb not null,
  hash text not null,
  created_at timestamptz not null,
  primary key (organization_id, plan_id, no),
  foreign key (organization_id, plan_id) references plans (organization_id, id)
);

---------------------------------------------------------------- customers

create table customers (
  organization_id uuid not null references organizations (id),
  id uuid not null,
  ordinal bigint generated always as identity,
  external_id text not null,
  billing_entity_id uuid not null,
  sequential_id bigint not null,
  slug text not null,
  name text,
  firstname text,
  lastname text,
  customer_type text check (customer_type in ('company', 'individual')),
  account_type text not null default 'customer' check (account_type in ('customer', 'partner')),
  email text,
  phone text,
  url text,
  logo_url text,
  legal_name text,
  legal_number text,
  tax_identification_number text,
  address_line1 text,
  address_line2 text,
  city text,
  state text,
  zipcode text,
  country text,
  shipping_address_line1 text,
  shipping_address_line2 text,
  shipping_city text,
  shipping_state text,
  shipping_zipcode text,
  shipping_country text,
  currency text,
  timezone text,
  document_locale text,
  net_payment_term integer check (net_payment_term >= 0),
  invoice_grace_period integer check (invoice_grace_period >= 0),
  subscription_invoice_issuing_date_anchor text
    check (subscription_invoice_issuing_date_anchor in ('next_period_start', 'current_period_end')),
  subscription_invoice_issuing_date_adjustment text
    check (subscription_invoice_issuing_date_adjustment in ('align_with_finalization_date', 'keep_anchor')),
  finalize_zero_amount_invoice text not null default 'inherit' check (finalize_zero_amount_invoice in ('inherit', 'skip', 'finalize')),
  skip_invoice_custom_sections boolean not null default false,
  exclude_from_dunning_campaign boolean not null default false,
  external_salesforce_id text,
  -- The tax that EU VAT management chose; null: none was chosen.
  eu_tax_code text,
  -- Whether it ever had a subscription or an invoice: from then on its external id and account type are fixed.
  used boolean not null default false,
  -- [{"id", "key", "value", "display_in_invoice", "created_at"}], at most five.
  metadata jsonb not null default '[]',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (organization_id, id),
  unique (organization_id, sequential_id),
  foreign key (organization_id, billing_entity_id) references billing_entities (organization_id, id)
);
create unique index customers_external_id on customers (organization_id, external_id) where deleted_at is null;
-- Deleted ones too: what they owe is still listed under their name.
create index customers_named on customers (organization_id, external_id);
create index customers_list on customers (organization_id, created_at desc, ordinal) where deleted_at is null;

-- The customer's VAT number as VIES knows it: one question per customer, open until there is an answer.
create table vies_checks (
  organization_id uuid not null,
  customer_id uuid not null,
  -- Another one for each question: an answer that comes for an older one is dropped.
  id uuid not null,
  tax_identification_number text not null,
  status text not null default 'pending' check (status in ('pending', 'valid', 'invalid')),
  attempts integer not null default 0,
  last_error text,
  next_attempt_at timestamptz,
  -- What VIES told: {"name", "address", "request_date", "request_identifier"}.
  answer jsonb,
  created_at timestamptz not null,
  answered_at timestamptz,
  primary key (organization_id, customer_id),
  foreign key (organization_id, customer_id) references customers (organization_id, id),
  check ((status = 'pending') = (next_attempt_at is not null))
);
create index vies_checks_due on vies_checks (organization_id, next_attempt_at) where next_attempt_at is not null;

---------------------------------------------------------------- subscriptions

-- A chain is what the world calls one subscription: consecutive links (one per plan) of one customer under one external id.
create table subscription_chains (
  organization_id uuid not null,
  id uuid not null,
  external_id text not null,
  customer_id uuid not null,
  primary key (organization_id, id),
  unique (organization_id, external_id, customer_id),
  foreign key (organization_id, customer_id) references customers (organization_id, id)
);

create table subscriptions (
  organization_id uuid not null,
  id uuid not null,
  ordinal bigint generated always as identity,
  chain_id uuid not null,
  customer_id uuid not null,
  plan_id uuid not null,
  billing_entity_id uuid,
  previous_subscription_id uuid,
  external_id text not null,
  name text,
  status text not null check (status in ('pending', 'active', 'terminated', 'canceled', 'incomplete')),
  billing_time text not null check (billing_time in ('calendar', 'anniversary')),
  subscription_at timestamptz not null,
  started_at timestamptz,
  activated_at timestamptz,
  ending_at timestamptz,
  terminated_at timestamptz,
  canceled_at timestamptz,
  -- When the trial of this link ends; null where it begins without one.
  trial_ends_at timestamptz,
  trial_ended_at timestamptz,
  -- What ended it: an upgrade's day is paid by the next link, a downgrade's period is billed as a whole.
  terminated_by text check (terminated_by in ('request', 'ending_at', 'upgrade', 'downgrade', 'deletion')),
  -- Whether the first fee of a plan in advance is billed with the start: one in the past waits for its next billing day.
  bills_start boolean not null default false,
  cancellation_reason text check (cancellation_reason in ('payment_failed', 'timeout')),
  -- [{"id", "type", "timeout_hours", "status", "expires_at", "created_at", "updated_at"}]
  activation_rules jsonb not null default '[]',
  -- [{"from", "to"}], "to" null while it is paused: the days in between bear no fee.
  pauses jsonb not null default '[]',
  on_termination_credit_note text check (on_termination_credit_note in ('credit', 'refund', 'offset', 'skip')),
  on_termination_invoice text not null default 'generate' check (on_termination_invoice in ('generate', 'skip')),
  progressive_billing_disabled boolean not null default false,
  consolidate_invoice boolean not null default true,
  purchase_order_number text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, chain_id) references subscription_chains (organization_id, id),
  foreign key (organization_id, customer_id) references customers (organization_id, id),
  foreign key (organization_id, plan_id) references plans (organization_id, id),
  foreign key (organization_id, billing_entity_id) references billing_entities (organization_id, id),
  foreign key (organization_id, previous_subscription_id) references subscriptions (organization_id, id),
  check (status not in ('active', 'terminated') or started_at is not null)
);
create unique index subscriptions_active on subscriptions (organization_id, external_id) where status = 'active';
create unique index subscriptions_incomplete on subscriptions (organization_id, external_id) where status = 'incomplete';
-- Of two plan changes at once one waits for the other.
create unique index subscriptions_next on subscriptions (organization_id, previous_subscription_id) where status in ('pending', 'incomplete');
create index subscriptions_previous on subscriptions (organization_id, previous_subscription_id) where previous_subscription_id is not null;
create index subscriptions_external_id on subscriptions (organization_id, external_id, started_at desc);
create index subscriptions_customer on subscriptions (organization_id, customer_id, created_at desc);
create index subscriptions_plan on subscriptions (organization_id, plan_id, id);
create index subscriptions_list on subscriptions (organization_id, status, subscription_at desc, created_at desc);

-- Units of a fixed charge that one subscription has, as they were written one after another: each counts from effective_at on.
create table fixed_charge_units (
  organization_id uuid not null,
  -- The order of writing is that of created_at, then of this.
  ordinal bigint generated always as identity,
  subscription_id uuid not null,
  fixed_charge_id uuid not null,
  units numeric(30, 10) not null check (units >= 0),
  effective_at timestamptz not null,
  -- The change of the plan that it follows: however often that is told, it is written once.
  change_id uuid,
  -- Whether it was billed by itself, as units that count at once and are paid in advance are: once.
  is_billed boolean not null default false,
  created_at timestamptz not null,
  primary key (organization_id, subscription_id, ordinal),
  foreign key (organization_id, subscription_id) references subscriptions (organization_id, id),
  foreign key (organization_id, fixed_charge_id) references fixed_charges (organization_id, id)
);
create unique index fixed_charge_units_change on fixed_charge_units (organization_id, change_id, subscription_id, fixed_charge_id)
  where change_id is not null;

-- Units that a subscription has of its own, whatever its plan says.
create table fixed_charge_unit_overrides (
  organization_id uuid not null,
  subscription_id uuid not null,
  fixed_charge_id uuid not null,
  units numeric(30, 10) not null check (units >= 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (organization_id, subscription_id, fixed_charge_id),
  foreign key (organization_id, subscription_id) references subscriptions (organization_id, id),
  foreign key (organization_id, fixed_charge_id) references fixed_charges (organization_id, id)
);

-- What is billed next. One row per subscription and kind; billed_until moves by compare-and-set, so that
-- periods can neither overlap nor leave a gap, whoever runs at once.
create table billing_schedules (
  organization_id uuid not null,
  subscription_id uuid not null,
  -- Fixed charges have a row of their own only where they are billed on days of their own. 'trial' is due once, when it ends;
  -- 'resume' after each pause whose end finds a period in advance unbilled.
  kind text not null check (kind in ('subscription', 'charges', 'fixed_charges', 'trial', 'resume')),
  customer_id uuid not null,
  billed_until timestamptz not null,
  -- The first instant of the next local billing day; null when nothing will fall due any more.
  next_due_at timestamptz,
  primary key (organization_id, subscription_id, kind),
  foreign key (organization_id, subscription_id) references subscriptions (organization_id, id)
);
create index billing_schedules_due on billing_schedules (organization_id, next_due_at, customer_id) where next_due_at is not null;
-- A run pages through its customers and locks their schedules by the batch: each page must not scan all that is due.
create index billing_schedules_customers on billing_schedules (organization_id, customer_id, next_due_at) where next_due_at is not null;

-- What else the clock does with a subscription: one row per kind, as long as it is still to come.
create table subscription_dues (
  organization_id uuid not null,
  subscription_id uuid not null,
  kind text not null check (kind in ('activation', 'termination', 'activation_expiration', 'termination_alert')),
  customer_id uuid not null,
  due_at timestamptz not null,
  primary key (organization_id, subscription_id, kind),
  foreign key (organization_id, subscription_id) references subscriptions (organization_id, id)
);
create index subscription_dues_due on subscription_dues (organization_id, kind, due_at, subscription_id);
create index subscription_dues_customer on subscription_dues (organization_id, customer_id);

-- A change of plan, price or units that a subscription is to get on a later day: done as if it was asked for then.
create table scheduled_changes (
  organization_id uuid not null,
  id uuid not null,
  ordinal bigint generated always as identity,
  -- The chain, not one link of it: changes of plan in between do not matter.
  chain_id uuid not null,
  customer_id uuid not null,
  external_id text not null,
  scheduled_at timestamptz not null,
  -- The first instant of its local day.
  due_at timestamptz not null,
  plan_code text,
  -- As it was sent.
  plan_overrides jsonb,
  status text not null default 'pending' check (status in ('pending', 'applied', 'failed', 'canceled')),
  -- Why it failed: {"code", "details"}.
  error jsonb,
  applied_at timestamptz,
  canceled_at timestamptz,
  created_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, chain_id) references subscription_chains (organization_id, id)
);
create index scheduled_changes_due on scheduled_changes (organization_id, due_at, ordinal) where status = 'pending';
create index scheduled_changes_chain on scheduled_changes (organization_id, chain_id, scheduled_at, ordinal);
create index scheduled_changes_customer on scheduled_changes (organization_id, customer_id) where status = 'pending';

-- A customer whose billing failed is set aside with its error, and tried again later.
create table billing_failures (
  organization_id uuid not null,
  customer_id uuid not null,
  error text not null,
  attempts integer not null default 1,
  failed_at timestamptz not null,
  retry_at timestamptz not null,
  primary key (organization_id, customer_id),
  foreign key (organization_id, customer_id) references customers (organization_id, id)
);
create index billing_failures_order on billing_failures (organization_id, failed_at);

-- A run of billing, written with its batches once it is known who is due.
create table billing_runs (
  organization_id uuid not null references organizations (id),
  id uuid not null,
  ordinal bigint generated always as identity,
  kind text not null check (kind in ('billing', 'retries')),
  -- What fell due up to here is billed; by the organization's clock.
  due_until timestamptz not null,
  customers_due integer not null,
  batches integer not null,
  -- Machine time, as finished_at.
  started_at timestamptz not null,
  finished_at timestamptz,
  -- What the batches came to. Their rows are counted as long as there are any: no counter is shared by those who work.
  customers_billed integer not null default 0,
  customers_set_aside integer not null default 0,
  invoices integer not null default 0,
  primary key (organization_id, id)
);
create index billing_runs_order on billing_runs (organization_id, ordinal desc);

-- The batches of a run that is under way. Each is counted in the transactions that write its invoices.
create table billing_run_batches (
  organization_id uuid not null,
  run_id uuid not null,
  n integer not null,
  customer_ids uuid[] not null,
  customers integer not null,
  customers_billed integer not null default 0,
  customers_set_aside integer not null default 0,
  invoices integer not null default 0,
  -- Machine time.
  finished_at timestamptz,
  primary key (organization_id, run_id, n),
  foreign key (organization_id, run_id) references billing_runs (organization_id, id)
);
create index billing_run_batches_open on billing_run_batches (organization_id, run_id) where finished_at is null;

-- Whom a run could not bill, and why; billing_failures has who is still set aside.
create table billing_run_errors (
  organization_id uuid not null,
  run_id uuid not null,
  customer_id uuid not null,
  error text not null,
  -- The attempt that this was.
  attempts integer not null,
  failed_at timestamptz not null,
  retry_at timestamptz not null,
  primary key (organization_id, run_id, customer_id),
  foreign key (organization_id, run_id) references billing_runs (organization_id, id),
  foreign key (organization_id, customer_id) references customers (organization_id, id)
);

---------------------------------------------------------------- metering

-- A stream is what one subscription sends under one code. Events refer to it by 8 bytes.
create table streams (
  id bigint generated always as identity primary key,
  organization_id uuid not null references organizations (id),
  external_subscription_id text,
  code text not null,
  -- Events of this stream that have left the tail.
  settled_events bigint not null default 0,
  -- Whether anything is kept of it beyond the log: then every event that leaves its tail is folded.
  folded boolean not null default false,
  -- How many of its events are voided: reads and folds of a stream without any need not look for them.
  voided_events integer not null default 0,
  unique nulls not distinct (organization_id, external_subscription_id, code)
) with (fillfactor = 70);

-- De-duplication. The first half of the key is a hash of (organization, transaction id), the second of
-- (organization, subscription, transaction id): unique as a whole, findable by transaction id alone.
create table event_keys (
  key uuid not null,
  commit_id bigint not null,
  unique (key)
) partition by range (key);
-- Keys are hashes, so ranges share them out evenly; sorted, a group's keys go to one range after the other.
do $$ begin
  for i in 0..7 loop
    execute format('create table event_keys_%s partition of event_keys for values from (%s) to (%s)', i,
      case i when 0 then 'minvalue' else quote_literal(rpad(to_hex(i * 32), 2, '0') || '000000-0000-0000-0000-000000000000') end,
      case i when 7 then 'maxvalue' else quote_literal(rpad(to_hex((i + 1) * 32), 2, '0') || '000000-0000-0000-0000-000000000000') end);
  end loop;
end $$;

-- The tail: a commit row stands here from the commit of its events until they are folded.
create table event_commits (
  id bigint primary key,
  received_at timestamptz not null,
  n integer not null,
  -- Its streams, each once, and how many events of each: so that they are settled without reading the log.
  stream_ids bigint[] not null,
  stream_events integer[] not null
);
create sequence event_commit_ids;

-- The log: append-only, by month of reception. One received_at for all events of a commit.
create table events (
  id uuid not null,
  ordinal bigint generated always as identity,
  commit_id bigint not null,
  stream_id bigint not null,
  timestamp timestamptz not null,
  received_at timestamptz not null,
  created_at timestamptz not null,
  transaction_id text not null,
  precise_total_amount_cents numeric(40, 15),
  properties jsonb not null
) partition by range (received_at);
create index events_stream on events (stream_id, timestamp, ordinal);
-- One stream's events of a commit. Negated, so that a read of the tail cannot be planned by events_stream, through the stream's whole past.
create index events_commit on events (commit_id, (- stream_id));

-- Corrections: the log is never changed; an event that has a row here counts nowhere. The transaction that writes one counts
-- it in its stream first (voided_events): that is the lock which the folder takes as well, so that cells are recounted in peace.
create table event_voids (
  -- events.id: an event is voided once.
  event_id uuid primary key,
  organization_id uuid not null references organizations (id),
  stream_id bigint not null references streams (id),
  -- Where in its stream the event stands.
  timestamp timestamptz not null,
  ordinal bigint not null,
  reason text,
  -- Who: the key that the request came with.
  api_key_id uuid,
  -- The event that took its place, where it was amended, and the transaction id with which the amendments began.
  replacement_id uuid unique,
  root_transaction_id text not null,
  voided_at timestamptz not null,
  -- Whether a billing run, which reads usage first and writes invoices later, could have seen it.
  xid xid8 not null default pg_current_xact_id()
);
create index event_voids_stream on event_voids (stream_id, timestamp, ordinal);
create index event_voids_recent on event_voids (organization_id, xid);

-- Makes the log's partitions from the month of `since` to `ahead` months after it.
create function ensure_event_partitions(since timestamptz, ahead integer) returns void language plpgsql as $$
declare
  month timestamptz;
begin
  for i in 0..ahead loop
    month := date_trunc('month', since, 'UTC') + make_interval(months => i);
    if to_regclass(format('events_%s', to_char(month at time zone 'UTC', 'YYYY_MM'))) is null then
      execute format('create table if not exists events_%s partition of events for values from (%L) to (%L)',
        to_char(month at time zone 'UTC', 'YYYY_MM'), month, date_trunc('month', month, 'UTC') + interval '1 month');
    end if;
  end loop;
end $$;

-- A fold spec says what is kept of a code's events, split by the texts of the properties that a charge's filters and
-- groups need together: the numbers of a property (count, sum, maximum), those with their times (weighted sums), its last
-- number, or its distinct values.
create table fold_specs (
  id bigint generated always as identity primary key,
  organization_id uuid not null references organizations (id),
  code text not null,
  measure text not null check (measure in ('numbers', 'weighted', 'last', 'unique')),
  field_name text,
  -- Sorted, each once.
  keys text[] not null default '{}',
  unique nulls not distinct (organization_id, code, measure, field_name, keys)
);

-- Which streams are folded by time under which spec (without keys). grain 1: by UTC day; 2: by quarter of an hour as well;
-- 0: a read found it worth folding, the folder has not come to it yet. No row: the stream is read raw.
create table stream_folds (
  stream_id bigint not null references streams (id),
  spec_id bigint not null references fold_specs (id),
  grain smallint not null check (grain in (0, 1, 2)),
  primary key (stream_id, spec_id)
);
create index stream_folds_wanted on stream_folds (stream_id) where grain = 0;

create table usage_cells (
  stream_id bigint not null,
  spec_id bigint not null,
  grain smallint not null,
  bucket timestamptz not null,
  events bigint not null,
  numeric_events bigint not null,
  sum numeric,
  max numeric,
  -- What came with the numbers as precise_total_amount_cents.
  amount_cents numeric,
  last_timestamp timestamptz,
  last_ordinal bigint,
  last_value numeric,
  primary key (stream_id, spec_id, grain, bucket)
) with (fillfactor = 80);

-- What is split by filters and groups, and distinct values, which are not additive over cells, are kept by the window that is read.
create table usage_windows (
  id bigint generated always as identity primary key,
  stream_id bigint not null references streams (id),
  spec_id bigint not null references fold_specs (id),
  window_from timestamptz not null,
  -- 'infinity': the history of a recurring metric.
  window_to timestamptz not null,
  -- False until the log has been counted into it; until then it is read raw.
  built boolean not null default false,
  unique (stream_id, spec_id, window_from, window_to)
);
create index usage_windows_wanted on usage_windows (stream_id) where not built;

-- What follows has no foreign key to its window: millions of rows would be checked one by one, and windows are not deleted.
-- One row per tuple of texts that events of the window have under the spec's keys. Never a filter's id: a changed filter needs no recount.
create table window_totals (
  window_id bigint not null,
  tuple_hash uuid not null,
  texts text[] not null,
  events bigint not null,
  numeric_events bigint not null default 0,
  sum numeric,
  max numeric,
  amount_cents numeric,
  -- Of weighted sums: numbers × seconds since 1970.
  moment numeric,
  last_timestamp timestamptz,
  last_ordinal bigint,
  last_value numeric,
  -- Distinct values that are active and that no other tuple has.
  active_values bigint not null default 0,
  primary key (window_id, tuple_hash)
) with (fillfactor = 80);

create table unique_values (
  window_id bigint not null,
  value_hash uuid not null,
  tuple_hash uuid not null,
  last_timestamp timestamptz not null,
  last_ordinal bigint not null,
  active boolean not null,
  -- Whether events with other texts have the value as well: where filters and groups put them together, the last of all counts.
  shared boolean not null default false,
  primary key (window_id, value_hash, tuple_hash)
);
create index unique_values_shared on unique_values (window_id) where shared;

-- Every operation on the values of an open window, so that what they were at any moment can be told.
create table unique_operations (
  window_id bigint not null,
  value_hash uuid not null,
  timestamp timestamptz not null,
  ordinal bigint not null,
  tuple_hash uuid not null,
  is_removal boolean not null,
  primary key (window_id, value_hash, timestamp, ordinal)
);

-- The number an event carries in a property, or null where it carries none: 2.1 of the metering spec,
-- within the limits of what is numeric (60 digits before the point, 30 after; ingestion keeps longer JSON numbers as text).
create function event_number(properties jsonb, field_name text) returns numeric
language sql immutable parallel safe
return case jsonb_typeof(properties -> field_name)
  when 'number' then (properties -> field_name)::numeric
  when 'string' then case when properties ->> field_name ~ '^-?\d{1,60}(\.\d{1,30})?$' then (properties ->> field_name)::numeric end
end;

-- Events of codes that charges are paid in advance for, from their commit until they are charged: one row per commit and stream.
create table in_advance_queue (
  organization_id uuid not null references organizations (id),
  commit_id bigint not null,
  stream_id bigint not null references streams (id),
  -- Of the commit's events: which partition of the log they are in.
  received_at timestamptz not null,
  -- What comes before in the commit is charged already.
  after_ordinal bigint not null default 0,
  -- A stream that cannot be charged is set aside with the reason, and tried again then.
  error text,
  attempts integer not null default 0,
  retry_at timestamptz,
  primary key (organization_id, commit_id, stream_id)
);
create index in_advance_queue_stream on in_advance_queue (stream_id, commit_id);
create index in_advance_queue_retry on in_advance_queue (organization_id, retry_at) where retry_at is not null;

---------------------------------------------------------------- invoicing

create table invoices (
  organization_id uuid not null,
  id uuid not null,
  ordinal bigint generated always as identity,
  customer_id uuid not null,
  billing_entity_id uuid not null,
  invoice_type text not null check (invoice_type in
    ('subscription', 'one_off', 'credit', 'add_on', 'advance_charges', 'progressive_billing')),
  status text not null check (status in
    ('generating', 'draft', 'open', 'pending', 'failed', 'finalized', 'voided', 'closed', 'deleted')),
  payment_status text not null default 'pending' check (payment_status in ('pending', 'succeeded', 'failed')),
  tax_status text check (tax_status in ('pending', 'succeeded', 'failed')),
  number text not null,
  sequential_id bigint,
  billing_entity_sequential_id bigint,
  currency text not null,
  timezone text not null,
  fees_amount_cents bigint not null default 0,
  coupons_amount_cents bigint not null default 0,
  progressive_billing_credit_amount_cents bigint not null default 0,
  credit_notes_amount_cents bigint not null default 0,
  prepaid_credit_amount_cents bigint not null default 0,
  taxes_amount_cents bigint not null default 0,
  sub_total_excluding_taxes_amount_cents bigint not null default 0,
  sub_total_including_taxes_amount_cents bigint not null default 0,
  total_amount_cents bigint not null default 0,
  total_paid_amount_cents bigint not null default 0,
  taxes_rate numeric not null default 0,
  issuing_date date not null,
  payment_due_date date not null,
  expected_finalization_date date not null,
  net_payment_term integer not null default 0,
  payment_overdue boolean not null default false,
  payment_dispute_lost_at timestamptz,
  self_billed boolean not null default false,
  skip_charges boolean not null default false,
  purchase_order_number text,
  finalized_at timestamptz,
  voided_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, customer_id) references customers (organization_id, id),
  foreign key (organization_id, billing_entity_id) references billing_entities (organization_id, id)
);
create unique index invoices_sequence on invoices (organization_id, customer_id, billing_entity_id, sequential_id) where sequential_id is not null;
create unique index invoices_entity_sequence on invoices (organization_id, billing_entity_id, billing_entity_sequential_id)
  where billing_entity_sequential_id is not null;
create index invoices_list on invoices (organization_id, issuing_date desc, created_at desc, ordinal desc)
  where status in ('draft', 'finalized', 'voided', 'failed', 'pending');
create index invoices_customer on invoices (organization_id, customer_id, issuing_date desc, created_at desc, ordinal desc)
  where status in ('draft', 'finalized', 'voided', 'failed', 'pending');

create table invoice_subscriptions (
  organization_id uuid not null,
  id uuid not null,
  ordinal bigint generated always as identity,
  invoice_id uuid not null,
  subscription_id uuid not null,
  invoicing_reason text not null check (invoicing_reason in
    ('subscription_starting', 'subscription_periodic', 'subscription_terminating', 'in_advance_charge', 'in_advance_charge_periodic', 'progressive_billing')),
  recurring boolean not null default false,
  -- The moment it was billed for (business time), and the half-open windows [from, to).
  timestamp timestamptz not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  charges_from_at timestamptz,
  charges_to_at timestamptz,
  fixed_charges_from_at timestamptz,
  fixed_charges_to_at timestamptz,
  created_at timestamptz not null,
  primary key (organization_id, id),
  unique (organization_id, invoice_id, subscription_id),
  foreign key (organization_id, invoice_id) references invoices (organization_id, id),
  foreign key (organization_id, subscription_id) references subscriptions (organization_id, id)
);
create index invoice_subscriptions_subscription on invoice_subscriptions (organization_id, subscription_id, timestamp desc);
create unique index invoice_subscriptions_once on invoice_subscriptions (organization_id, subscription_id, charges_from_at, charges_to_at) where recurring;
create unique index invoice_subscriptions_edges on invoice_subscriptions (organization_id, subscription_id, invoicing_reason)
  where invoicing_reason in ('subscription_starting', 'subscription_terminating');

create table fees (
  organization_id uuid not null,
  id uuid not null,
  ordinal bigint generated always as identity,
  invoice_id uuid,
  subscription_id uuid,
  customer_id uuid not null,
  fee_type text not null check (fee_type in ('charge', 'add_on', 'subscription', 'credit', 'commitment', 'fixed_charge')),
  charge_id uuid,
  charge_filter_id uuid,
  billable_metric_id uuid,
  fixed_charge_id uuid,
  plan_id uuid,
  plan_version_no integer,
  true_up_parent_fee_id uuid,
  -- md5 of the canonical text of grouped_by; '' where there are no groups.
  group_hash text not null default '',
  grouped_by jsonb not null default '{}',
  amount_cents bigint not null,
  precise_amount_cents numeric(40, 15) not null,
  amount_currency text not null,
  taxes_amount_cents bigint not null default 0,
  taxes_precise_amount_cents numeric(40, 15) not null default 0,
  taxes_rate numeric not null default 0,
  units numeric not null,
  total_aggregated_units numeric not null,
  unit_amount_cents bigint not null default 0,
  precise_unit_amount numeric(30, 15) not null default 0,
  precise_coupons_amount_cents numeric(30, 5) not null default 0,
  events_count integer not null default 0,
  amount_details jsonb not null default '{}',
  -- What it comes to in credits, where its charge is priced in them: {pricing_unit_id, code, short_name, conversion_rate, amount_cents, …}.
  pricing_unit jsonb,
  -- [{"presentation_by", "units"}]: units apart by properties that do not price them.
  presentation_breakdowns jsonb not null default '[]',
  pay_in_advance boolean not null default false,
  invoiceable boolean not null default true,
  -- A fee of its own that an invoice of such fees takes up, once it is paid.
  is_regrouped boolean not null default false,
  invoice_display_name text,
  description text,
  -- The half-open window [from, to) that the fee pays for.
  from_at timestamptz,
  to_at timestamptz,
  payment_status text not null default 'pending' check (payment_status in ('pending', 'succeeded', 'failed', 'refunded')),
  succeeded_at timestamptz,
  failed_at timestamptz,
  refunded_at timestamptz,
  event_transaction_id text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, invoice_id) references invoices (organization_id, id),
  -- Not to charges: thousands of fees a second would lock the few rows of a plan's charges, one after another.
  foreign key (organization_id, subscription_id) references subscriptions (organization_id, id)
);
-- An invoice that regroups fees of events and renewals has many of one charge.
create unique index fees_identity on fees
  (organization_id, invoice_id, subscription_id, fee_type, charge_id, charge_filter_id, group_hash, (true_up_parent_fee_id is not null),
    event_transaction_id, fixed_charge_id, from_at)
  nulls not distinct where invoice_id is not null and deleted_at is null;
create index fees_list on fees (organization_id, created_at, ordinal) where deleted_at is null;
create index fees_subscription on fees (organization_id, subscription_id, created_at, ordinal);
create index fees_metric on fees (organization_id, billable_metric_id, created_at, ordinal) where billable_metric_id is not null and deleted_at is null;
-- What is paid in advance for which window, and how many units of it.
create index fees_fixed_charge on fees (organization_id, subscription_id, from_at, fixed_charge_id)
  where fixed_charge_id is not null and pay_in_advance and deleted_at is null;
-- Few fees are any of these, so that they cost nothing where thousands a second are billed.
create index fees_true_up on fees (organization_id, true_up_parent_fee_id) where true_up_parent_fee_id is not null;
-- An event is charged once, also where its fee was deleted.
create unique index fees_event on fees (organization_id, event_transaction_id, subscription_id, charge_id) where event_transaction_id is not null;
create index fees_customer on fees (organization_id, customer_id, created_at, ordinal) where subscription_id is null and deleted_at is null;
create index fees_rare_type on fees (organization_id, fee_type, created_at, ordinal) where fee_type not in ('charge', 'subscription') and deleted_at is null;
create index fees_payment_status on fees (organization_id, payment_status, created_at, ordinal) where payment_status <> 'pending' and deleted_at is null;
create index fees_to_regroup on fees (organization_id, customer_id)
  where is_regrouped and invoice_id is null and payment_status = 'succeeded' and deleted_at is null;
create index fees_succeeded_at on fees (organization_id, succeeded_at) where succeeded_at is not null and deleted_at is null;
create index fees_failed_at on fees (organization_id, failed_at) where failed_at is not null and deleted_at is null;
create index fees_refunded_at on fees (organization_id, refunded_at) where refunded_at is not null and deleted_at is null;

-- What a customer used of a subscription before it came here, as its owner says; the rest of its lifetime usage is read from its fees and
-- its open period. Kept by the first of the customer's links: it ends where the external id passes to another customer.
create table lifetime_usages (
  organization_id uuid not null,
  first_subscription_id uuid not null,
  external_historical_usage_amount_cents bigint not null check (external_historical_usage_amount_cents >= 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (organization_id, first_subscription_id),
  foreign key (organization_id, first_subscription_id) references subscriptions (organization_id, id)
);

-- Charges in advance: what they have counted of their events, as the price of one depends on those before it. A scope is a period of a
-- subscription, or (recurring metrics) its whole history; basis says under which filters, keys and allowances it was counted.
create table in_advance_scopes (
  organization_id uuid not null,
  id bigint generated always as identity,
  subscription_id uuid not null,
  charge_id uuid not null,
  scope_from timestamptz not null,
  basis text not null,
  primary key (organization_id, subscription_id, charge_id, scope_from),
  unique (id),
  foreign key (organization_id, subscription_id) references subscriptions (organization_id, id)
);

-- Per filter and group: everything that was charged, or stood in the log before the charge did.
create table in_advance_levels (
  scope_id bigint not null references in_advance_scopes (id) on delete cascade,
  charge_filter_id uuid,
  group_hash text not null,
  grouped_by jsonb not null,
  units numeric not null,
  -- Those that the aggregation looks at: a distinct value is an event each time.
  events bigint not null,
  amount_cents numeric not null,
  last_at timestamptz not null,
  -- Of a percentage: how far its free events and free amount are used up, and since when; a script: its state.
  details jsonb,
  unique nulls not distinct (scope_id, group_hash, charge_filter_id)
);

create table in_advance_values (
  scope_id bigint not null references in_advance_scopes (id) on delete cascade,
  charge_filter_id uuid,
  group_hash text not null,
  value_hash uuid not null,
  last_at timestamptz not null,
  active boolean not null,
  unique nulls not distinct (scope_id, value_hash, group_hash, charge_filter_id)
);

-- How high a filter's group stood in a period: only what rises above is charged.
create table in_advance_marks (
  organization_id uuid not null,
  subscription_id uuid not null,
  charge_id uuid not null,
  period_from timestamptz not null,
  charge_filter_id uuid,
  group_hash text not null,
  grouped_by jsonb not null,
  current numeric not null,
  max numeric not null,
  max_prorated numeric not null,
  unique nulls not distinct (organization_id, subscription_id, charge_id, period_from, group_hash, charge_filter_id),
  foreign key (organization_id, subscription_id) references subscriptions (organization_id, id)
);

-- What was finalized stays as it was: only the payment of a fee may still move.
create function fees_stay_final() returns trigger language plpgsql as $$
begin
  if old.invoice_id is not null
    and exists (select 1 from invoices i where i.organization_id = old.organization_id and i.id = old.invoice_id and i.status in ('finalized', 'voided'))
    and (tg_op = 'DELETE' or (
      old.invoice_id, old.fee_type, old.charge_id, old.fixed_charge_id, old.subscription_id, old.amount_cents, old.precise_amount_cents, old.units,
      old.taxes_amount_cents, old.precise_coupons_amount_cents, old.from_at, old.to_at, old.deleted_at) is distinct from (
      new.invoice_id, new.fee_type, new.charge_id, new.fixed_charge_id, new.subscription_id, new.amount_cents, new.precise_amount_cents, new.units,
      new.taxes_amount_cents, new.precise_coupons_amount_cents, new.from_at, new.to_at, new.deleted_at))
  then
    raise exception 'fee % belongs to a final invoice', old.id using errcode = 'check_violation', constraint = 'fees_stay_final';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger fees_stay_final before update or delete on fees for each row execute function fees_stay_final();

-- Where a recurring weighted sum stood when a period was billed: the next one begins there.
create table weighted_levels (
  organization_id uuid not null,
  chain_id uuid not null,
  subscription_id uuid not null,
  charge_id uuid not null,
  charge_filter_id uuid,
  group_hash text not null default '',
  grouped_by jsonb not null default '{}',
  -- The last event's in the billed window, or the window's start.
  timestamp timestamptz not null,
  level numeric not null,
  unique nulls not distinct (organization_id, chain_id, charge_id, subscription_id, charge_filter_id, group_hash, timestamp),
  foreign key (organization_id, subscription_id) references subscriptions (organization_id, id)
);

---------------------------------------------------------------- the living

create view live_billing_entities as select * from billing_entities where archived_at is null;
create view live_billable_metrics as select * from billable_metrics where deleted_at is null;
create view live_plans as select * from plans where deleted_at is null;
create view live_charges as select * from charges where deleted_at is null;
create view live_charge_filters as select * from charge_filters where deleted_at is null;
create view live_add_ons as select * from add_ons where deleted_at is null;
create view live_fixed_charges as select * from fixed_charges where deleted_at is null;
create view live_minimum_commitments as select * from minimum_commitments where deleted_at is null;
create view live_usage_thresholds as select * from usage_thresholds where deleted_at is null;
create view live_pricing_units as select * from pricing_units where deleted_at is null;
create view live_customers as select * from customers where deleted_at is null;
create view live_fees as select * from fees where deleted_at is null;
