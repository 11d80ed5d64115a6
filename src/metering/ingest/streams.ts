/** Streams by name: (organization, external subscription id, code) → 8 bytes. A stream never changes its id, so it may be remembered. */
import type { ReadEvent } from "../rules/event.ts";
import type { Statements } from "./insert.ts";

type StreamName = Pick<ReadEvent, "externalSubscriptionId" | "code">;

const REMEMBERED_MAX = 500_000;

/** Name by name through the index, which tells "not distinct from" only where it is spelled out, whatever is known of how many streams there are. */
const ENSURE_STREAMS = `
with wanted as (
  select distinct $1::uuid as organization_id, * from unnest($2::text[], $3::text[]) as w(external_subscription_id, code)
), made as (
  insert into streams (organization_id, external_subscription_id, code)
  select * from wanted order by 1, 2, 3
  on conflict do nothing
  returning id, external_subscription_id, code
)
select * from made
union
select s.id, s.external_subscription_id, s.code
from wanted w cross join lateral (
  select s.* from streams s
  where s.organization_id = w.organization_id and s.external_subscription_id = w.external_subscription_id and s.code = w.code
  union all
  select s.* from streams s
  where s.organization_id = w.organization_id and w.external_subscription_id is null and s.external_subscription_id is null and s.code = w.code
  offset 0
) s`;

interface StreamRow {
  id: bigint;
  external_subscription_id: string | null;
  code: string;
}

export class StreamCache {
  /** By organization, then code, then subscription. */
  #ids = new Map<string, Map<string, Map<string | null, bigint>>>();
  #size = 0;

  /** The ids of an organization's named streams, making those that are new. */
  async resolve(client: Statements, organizationId: string, names: readonly StreamName[]): Promise<bigint[]> {
    if (this.#size > REMEMBERED_MAX) {
      this.#ids = new Map();
      this.#size = 0;
    }
    // A rival's stream may be committed between the two halves of the statement: the next try sees it.
    for (let attempt = 0; attempt < 5; attempt++) {
      const ids = names.map((name) => this.#find(organizationId, name));
      if (!ids.includes(undefined)) return ids as bigint[];
      await this.#load(
        client,
        organizationId,
        names.filter((_, index) => ids[index] === undefined),
      );
    }
    throw new Error("a stream could not be made");
  }

  #find(organizationId: string, { externalSubscriptionId, code }: StreamName): bigint | undefined {
    return this.#ids.get(organizationId)?.get(code)?.get(externalSubscriptionId);
  }

  #remember(organizationId: string, { external_subscription_id, code, id }: StreamRow): void {
    const ofOrganization = getOrMake(this.#ids, organizationId);
    const ofCode = getOrMake(ofOrganization, code);
    if (!ofCode.has(external_subscription_id)) this.#size += 1;
    ofCode.set(external_subscription_id, id);
  }

  async #load(client: Statements, organizationId: string, names: readonly StreamName[]): Promise<void> {
    const { rows } = await client.query<StreamRow>({
      name: "ensure_streams",
      text: ENSURE_STREAMS,
      values: [organizationId, names.map((name) => name.externalSubscriptionId), names.map((name) => name.code)],
    });
    for (const row of rows) this.#remember(organizationId, row);
  }
}

function getOrMake<K, L, V>(maps: Map<K, Map<L, V>>, key: K): Map<L, V> {
  const found = maps.get(key) ?? new Map<L, V>();
  maps.set(key, found);
  return found;
}
