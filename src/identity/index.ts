/**
 * Identity: organizations, their API keys, billing entities and (for sandboxes) their clocks.
 * Owns organizations, api_keys, billing_entities, document_sequences. Does not own what an organization sells or bills.
 */
export { guardByAdminKey, guardByApiKey, newApiKey, type Organization } from "./authenticate.ts";
export type { BillingEntity } from "./model.ts";
export { type NumbersWanted, takeNumbers } from "./numbers.ts";
export { createOrganization } from "./organizations.ts";
export { adminRoutes, identityRoutes } from "./routes.ts";
export {
  findBillingEntities,
  findBillingEntity,
  findDefaultBillingEntity,
  findOrganization,
  loadBillingEntity,
} from "./settings-store.ts";
export { hasOrganizations, readClock, realOrganizationsWith } from "./store.ts";
export { type PeriodicWork, testClockRoutes } from "./test-clock.ts";
