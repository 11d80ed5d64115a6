/** Subscriptions with all that a plan can have: plans or units of their own, fixed charges in arrears and in advance, and a commitment. */
import type pg from "pg";

/** What the plan of these subscriptions has besides its fee and its charges; `add_on_code` is sold by the piece. */
export const wholePlan = (add_on_code: string) => ({
  fixed_charges: [
    { add_on_code, code: "seats", charge_model: "standard", units: 5, prorated: true, properties: { amount: "8" } },
    {
      ...{ add_on_code, code: "support", charge_model: "graduated", units: 2, pay_in_advance: true },
      properties: {
        graduated_ranges: [
          { from_value: 0, to_value: 1, per_unit_amount: "50", flat_amount: "0" },
          { from_value: 2, to_value: null, per_unit_amount: "40", flat_amount: "10" },
        ],
      },
    },
  ],
  minimum_commitment: { amount_cents: 900_000 },
});

/** The fee, three charges, two fixed charges, what is missing to the commitment. */
export const FEES_OF_WHOLE = 7;

/** In one connection, as a temporary table is its own. Copies of a plan with everything that it has, one for every second subscription, which moves to it. */
async function givePlansOfTheirOwn(client: pg.PoolClient, organizationId: string, planId: string): Promise<void> {
  await client.query(
    `create temp table own as
      select s.id as subscription_id, uuidv7() as plan_id
      from (select id, row_number() over (order by ordinal) as n from subscriptions where organization_id = $1) s where n % 2 = 0`,
    [organizationId],
  );
  const copy = (table: string, changed: string, of = "plan_id") =>
    client.query(
      `insert into ${table} overriding user value
      select (jsonb_populate_record(t, jsonb_build_object(${changed}))).*
      from ${table} t cross join own where t.organization_id = $1 and t.${of} = $2`,
      [organizationId, planId],
    );
  await copy("plans", "'id', own.plan_id, 'parent_id', t.id, 'amount_cents', t.amount_cents - 100", "id");
  await copy("charges", "'id', uuidv7(), 'plan_id', own.plan_id, 'parent_id', t.id");
  await copy("fixed_charges", "'id', uuidv7(), 'plan_id', own.plan_id, 'parent_id', t.id");
  await copy("minimum_commitments", "'id', uuidv7(), 'plan_id', own.plan_id");
  await copy("plan_versions", "'plan_id', own.plan_id");
  await client.query(
    "update subscriptions s set plan_id = own.plan_id from own where s.organization_id = $1 and s.id = own.subscription_id",
    [organizationId],
  );
  await client.query("drop table own");
}

/** Every other subscription stays on the plan, with units of its own. */
async function giveUnits(pool: pg.Pool, organizationId: string, planId: string): Promise<void> {
  await pool.query(
    `insert into fixed_charge_unit_overrides (organization_id, subscription_id, fixed_charge_id, units, created_at, updated_at)
    select $1, s.id, f.id, f.units + 1, s.created_at, s.created_at
    from subscriptions s join fixed_charges f on f.organization_id = $1 and f.plan_id = s.plan_id
    where s.organization_id = $1 and s.plan_id = $2`,
    [organizationId, planId],
  );
  // First as they began, then, in the middle of the month, one more of each.
  await pool.query(
    `insert into fixed_charge_units (organization_id, subscription_id, fixed_charge_id, units, effective_at, created_at)
    select $1, s.id, f.id, coalesce(own.units, f.units) + k, s.started_at + k * interval '14 days' + interval '1 second', s.started_at
    from subscriptions s
    join fixed_charges f on f.organization_id = $1 and f.plan_id = s.plan_id
    left join fixed_charge_unit_overrides own on own.organization_id = $1 and own.subscription_id = s.id and own.fixed_charge_id = f.id
    cross join generate_series(0, 1) k
    where s.organization_id = $1
    order by s.id, k`,
    [organizationId],
  );
}

/** Of an organization whose subscriptions are all on one plan (with what wholePlan gives it). */
export async function makeWhole(pool: pg.Pool, organizationId: string, planId: string): Promise<void> {
  const client = await pool.connect();
  try {
    await givePlansOfTheirOwn(client, organizationId, planId);
  } finally {
    client.release();
  }
  await pool.query("analyze subscriptions, fixed_charges, fixed_charge_unit_overrides");
  await giveUnits(pool, organizationId, planId);
}
