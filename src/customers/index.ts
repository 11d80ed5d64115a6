/**
 * Customers: who is billed, and which settings apply to them.
 * Owns customers, vies_checks. Does not own their subscriptions or invoices, nor the taxes that eu-vat/ chooses from.
 */
export { customersInZoneOf, findCustomer, loadBilledCustomers } from "./billed.ts";
export type { CustomerEnding } from "./deletion.ts";
export { askViesAgain, askViesAgainEverywhere, checkVatNumber, viesSchedule, viesWork } from "./eu-vat/jobs.ts";
export { customersAwaitingVies } from "./eu-vat/store.ts";
export type * from "./model.ts";
export { customerRoutes } from "./routes.ts";
export { CustomerAnswer, CustomerInput } from "./schemas.ts";
export {
  findOrCreateCustomer,
  markCustomerUsed,
  presentCustomersOf,
  setCurrencyIfBlank,
  upsertCustomerIn,
} from "./service.ts";
