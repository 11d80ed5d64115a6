/** Streams by name: (organization, external subscription id, code) → 8 bytes. A stream never changes its id, so it may be remembered. */
import type { ReadEvent } from "../rules/event.ts";
import type { Statements } from "./insert.ts";

type StreamName = Pick<ReadEvent, "externalSubscriptionId" | "code">;

const REMEMBERED_MAX = 500_000;

/** Lengths keep apart what the separator alone would not. */
function nameOf(organizationId: string, { externalSubscriptionId, code }: StreamName): string {
  return externalSubscriptionId === null
    ? `${organizationId}-${code}`
    : `${organizationId}${externalSubscriptionId.length}:${externalSubscriptionId}${code}`;
}

const ENSURE_STREAMS = `
with wanted as (
  select $1::uuid as organization_id, * from unnest($2::text[], $3::text[]) as w(external_subscription_id, code)
), made as (
  insert into streams (organization_id, external_subscription_id, code)
  select * from wanted order by 1, 2, 3
  on conflict do nothing
  returning id, external_subscription_id, code
)
select * from made
union
select s.id, s.external_subscription_id, s.code
from wanted w
join streams s on s.organization_id = w.organization_id and s.external_subscription_id is not distinct from w.external_subscription_id and s.code = w.code`;

interface StreamRow {
  id: bigint;
  external_subscription_id: string | null;
  code: string;
}

export class StreamCache {
  readonly #ids = new Map<string, bigint>();

  /** The ids of an organization's named streams, making those that are new. */
  async resolve(client: Statements, organizationId: string, names: readonly StreamName[]): Promise<bigint[]> {
    if (this.#ids.size > REMEMBERED_MAX) this.#ids.clear();
    const keys = names.map((name) => nameOf(organizationId, name));
    const ids = keys.map((key) => this.#ids.get(key));
    if (!ids.includes(undefined)) return ids as bigint[];
    let unknown = new Map<string, StreamName>();
    for (const [index, key] of keys.entries())
      if (ids[index] === undefined) unknown.set(key, names[index] as StreamName);
    // A rival's stream may be committed between the two halves of the statement: the next try sees it.
    for (let attempt = 0; unknown.size > 0 && attempt < 5; attempt++) {
      await this.#load(client, organizationId, [...unknown.values()]);
      unknown = new Map([...unknown].filter(([key]) => !this.#ids.has(key)));
    }
    return keys.map((key) => {
      const id = this.#ids.get(key);
      if (id === undefined) throw new Error("a stream could not be made");
      return id;
    });
  }

  async #load(client: Statements, organizationId: string, names: readonly StreamName[]): Promise<void> {
    const { rows } = await client.query<StreamRow>({
      name: "ensure_streams",
      text: ENSURE_STREAMS,
      values: [organizationId, names.map((name) => name.externalSubscriptionId), names.map((name) => name.code)],
    });
    for (const row of rows) {
      this.#ids.set(
        nameOf(organizationId, { externalSubscriptionId: row.external_subscription_id, code: row.code }),
        row.id,
      );
    }
  }
}
