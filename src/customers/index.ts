/**
 * Customers: who is billed, and which settings apply to them.
 * Owns customers. Does not own their subscriptions or invoices.
 */
export { customersInZoneOf, findCustomer, loadBilledCustomers } from "./billed.ts";
export type * from "./model.ts";
export { customerRoutes } from "./routes.ts";
export { CustomerAnswer } from "./schemas.ts";
export { findOrCreateCustomer, markCustomerUsed, presentCustomersOf, setCurrencyIfBlank } from "./service.ts";
