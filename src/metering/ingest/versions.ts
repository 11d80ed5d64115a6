/** Events are evaluated with the catalog that a process remembers: an insert refuses what was evaluated with an older one. */

/** With which catalog a request's events were evaluated; without a version it does not matter. */
export interface Evaluated {
  readonly organizationId: string;
  readonly catalogVersion?: bigint;
  /** Of an organization with charges in advance; absent elsewhere. */
  readonly inAdvance?: InAdvance;
}

/** Which events wait to be charged, and which jobs charge them. */
export interface InAdvance {
  readonly codes: ReadonlySet<string>;
  readonly jobs: readonly string[];
}

/** Nothing of the group was stored: these organizations' catalogs have changed since. */
export class StaleCatalog extends Error {
  readonly #names: ReadonlySet<string>;

  constructor(rows: readonly StaleRow[]) {
    super("evaluated with a catalog that has changed");
    this.#names = new Set(rows.map(({ organization_id, version }) => nameOf(organization_id, version)));
  }

  concerns({ organizationId, catalogVersion }: Evaluated): boolean {
    return catalogVersion !== undefined && this.#names.has(nameOf(organizationId, catalogVersion));
  }
}

export interface StaleRow {
  readonly organization_id: string;
  readonly version: bigint;
}

const nameOf = (organizationId: string, version: bigint) => `${organizationId}/${version}`;

/** The rows of a group's organizations that are not at the version they were evaluated with: two arrays as `versionParameters` makes them. */
export const staleRows = (organizations: string, versions: string) => `
  select v.organization_id, v.version from unnest(${organizations}::uuid[], ${versions}::bigint[]) as v(organization_id, version)
  join organizations o on o.id = v.organization_id and o.catalog_version <> v.version`;

/** Each organization and version once, as two array literals. */
export function versionParameters(group: readonly Evaluated[]): [string, string] {
  const seen = new Set<string>();
  const organizations: string[] = [];
  const versions: string[] = [];
  for (const { organizationId, catalogVersion } of group) {
    if (catalogVersion === undefined) continue;
    const name = nameOf(organizationId, catalogVersion);
    if (seen.has(name)) continue;
    seen.add(name);
    organizations.push(organizationId);
    versions.push(String(catalogVersion));
  }
  return [`{${organizations.join(",")}}`, `{${versions.join(",")}}`];
}
