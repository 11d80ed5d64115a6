/** What ingestion needs of the catalog, remembered by a process: an insert refuses what was judged by an older version. */
import { type IngestCatalog, loadIngestCatalog } from "../../catalog/index.ts";
import type { DbOrTx } from "../../storage/database.ts";

const REMEMBERED_MAX = 10_000;

export class CatalogCache {
  readonly #db: DbOrTx;
  readonly #catalogs = new Map<string, Promise<IngestCatalog>>();

  constructor(db: DbOrTx) {
    this.#db = db;
  }

  of(organizationId: string): Promise<IngestCatalog> {
    const known = this.#catalogs.get(organizationId);
    if (known !== undefined) return known;
    if (this.#catalogs.size >= REMEMBERED_MAX) this.#catalogs.clear();
    const loading = loadIngestCatalog(this.#db, organizationId);
    this.#catalogs.set(organizationId, loading);
    loading.catch(() => this.#forget(organizationId, loading));
    return loading;
  }

  /** `catalog` was found to be old. */
  async refresh(organizationId: string, catalog: IngestCatalog): Promise<void> {
    const known = this.#catalogs.get(organizationId);
    if (known !== undefined && (await known) === catalog) this.#forget(organizationId, known);
  }

  #forget(organizationId: string, known: Promise<IngestCatalog>): void {
    if (this.#catalogs.get(organizationId) === known) this.#catalogs.delete(organizationId);
  }
}
