/** Creating an organization with everything it needs to begin. */
import { randomBytes } from "node:crypto";
import { machineNow } from "../kernel/clock.ts";
import { newId } from "../kernel/ids.ts";
import { type Db, inTransaction } from "../storage/database.ts";
import { newApiKey } from "./authenticate.ts";
import { insertOrganization, type NewOrganization } from "./store.ts";

export interface OrganizationInput {
  readonly name: string;
  readonly email: string | null;
  readonly sandbox: boolean;
}

export interface CreatedOrganization {
  readonly organization: NewOrganization & { readonly createdAt: Temporal.Instant };
  /** Shown this once; only its hash is kept. */
  readonly apiKey: string;
}

/** A sandbox begins in EUR, as the conformance scenarios expect; a real one in USD. */
export async function createOrganization(
  db: Db,
  { name, email, sandbox }: OrganizationInput,
): Promise<CreatedOrganization> {
  const id = newId();
  const createdAt = machineNow();
  const key = newApiKey();
  const organization: NewOrganization = {
    id,
    name,
    email,
    sandbox,
    slug: slugOf(name),
    documentNumberPrefix: prefixOf(name, id),
    currency: sandbox ? "EUR" : "USD",
    entityCode: codeOf(name),
  };
  await inTransaction(db, (tx) => insertOrganization(tx, organization, newId(), key, createdAt));
  return { organization: { ...organization, createdAt }, apiKey: key.value };
}

const ascii = (text: string) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "");

/** Lowercase words and a random end: unique without asking. */
function slugOf(name: string): string {
  const words = ascii(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 30);
  return `${words || "org"}-${randomBytes(4).toString("hex")}`;
}

function codeOf(name: string): string {
  return (
    ascii(name)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_")
      .replace(/^_+|_+$/g, "")
      .slice(0, 100) || "default"
  );
}

/** The first three letters of the name and the last four of the id, upper-cased (C.1 of the platform spec). */
export function prefixOf(name: string, id: string): string {
  const letters =
    ascii(name)
      .replace(/[^A-Za-z0-9]/g, "")
      .slice(0, 3) || "ORG";
  return `${letters}-${id.slice(-4)}`.toUpperCase();
}
