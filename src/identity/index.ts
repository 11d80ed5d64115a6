/**
 * Identity: organizations, their API keys, billing entities and (for sandboxes) their clocks.
 * Owns organizations, api_keys, billing_entities, document_sequences. Does not own what an organization sells or bills.
 */
export { guardByAdminKey, guardByApiKey, newApiKey, type Organization } from "./authenticate.ts";
export { createOrganization } from "./organizations.ts";
export { adminRoutes } from "./routes.ts";
export { hasOrganizations, readClock } from "./store.ts";
export { type PeriodicWork, testClockRoutes } from "./test-clock.ts";
