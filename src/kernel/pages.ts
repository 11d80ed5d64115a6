/** Pagination: `page` from 1, `per_page` 100 by default and 1000 at most (0.4 of the metering spec). */

export interface Page {
  readonly page: number;
  readonly perPage: number;
}

export interface PageMeta {
  readonly current_page: number;
  readonly next_page: number | null;
  readonly prev_page: number | null;
  readonly total_pages: number;
  readonly total_count: number;
}

export const PER_PAGE_MAX = 1000;

export function offsetOf({ page, perPage }: Page): number {
  return (page - 1) * perPage;
}

/** With no rows at all, `current_page` and `total_pages` are 0. */
export function pageMeta({ page, perPage }: Page, totalCount: number): PageMeta {
  const totalPages = Math.ceil(totalCount / perPage);
  return {
    current_page: totalCount === 0 ? 0 : page,
    next_page: page < totalPages ? page + 1 : null,
    prev_page: page > 1 && totalCount > 0 ? page - 1 : null,
    total_pages: totalPages,
    total_count: totalCount,
  };
}
