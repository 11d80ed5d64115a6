/** Creating an organization with everything it needs to begin. */
import { machineNow } from "../kernel/clock.ts";
import { newId } from "../kernel/ids.ts";
import { storableText } from "../kernel/text.ts";
import { type Db, inTransaction } from "../storage/database.ts";
import { newApiKey } from "./authenticate.ts";
import { slugOf, toAscii } from "./slug.ts";
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

const SLUG_ATTEMPTS_MAX = 10;

/** A sandbox begins in EUR, as the conformance scenarios expect; a real one in USD. */
export async function createOrganization(db: Db, input: OrganizationInput): Promise<CreatedOrganization> {
  const id = newId();
  const createdAt = machineNow();
  const key = newApiKey();
  const name = storableText(input.name);
  for (let attempt = 0; ; attempt++) {
    const organization: NewOrganization = {
      id,
      name,
      email: input.email,
      sandbox: input.sandbox,
      slug: slugOf(name, attempt),
      documentNumberPrefix: prefixOf(name, id),
      currency: input.sandbox ? "EUR" : "USD",
      entityCode: codeOf(name),
    };
    const written = await inTransaction(db, (tx) => insertOrganization(tx, organization, newId(), key, createdAt));
    if (written === "inserted") return { organization: { ...organization, createdAt }, apiKey: key.value };
    if (attempt === SLUG_ATTEMPTS_MAX) throw new Error(`no free slug was found for ${name}`);
  }
}

function codeOf(name: string): string {
  return (
    toAscii(name)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_")
      .replace(/^_+|_+$/g, "")
      .slice(0, 100) || "default"
  );
}

/** The first three letters of the name and the last four of the id, upper-cased (C.1 of the platform spec). */
export function prefixOf(name: string, id: string): string {
  const letters =
    toAscii(name)
      .replace(/[^A-Za-z0-9]/g, "")
      .slice(0, 3) || "ORG";
  return `${letters}-${id.slice(-4)}`.toUpperCase();
}
