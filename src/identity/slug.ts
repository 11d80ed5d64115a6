/** An organization's slug: the first word of its dashboard's path (C.1 of the platform spec). Pure, but for the chance. */
import { randomInt } from "node:crypto";
import type { Problem } from "../kernel/failure.ts";

const LENGTH_MIN = 3;
const LENGTH_MAX = 40;
const FORM = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** First path segments that mean something else. */
const RESERVED = new Set(
  (
    "about account accounts admin api app assets auth billing blog cable callback cdn customer-portal dashboard data-api dev docs download " +
    "events forbidden forgot-password ftp graphql health help home invitation login logout mail mcp me metrics new oauth okta organization " +
    "organizations portal public ready register reset-password root security settings sign-in sign-up signin signout signup sso static status " +
    "support system undefined user users webhook webhooks www"
  ).split(" "),
);

/** What the caller wants to be called, stripped and lowercased. */
export function readSlug(text: string, problems: Problem[]): string {
  const slug = text.trim().toLowerCase();
  const problem = problemOf(slug);
  if (problem !== null) problems.push({ field: "slug", code: problem });
  return slug;
}

function problemOf(slug: string): string | null {
  if (slug === "") return "value_is_mandatory";
  if (slug.length < LENGTH_MIN) return "value_is_too_short";
  if (slug.length > LENGTH_MAX) return "value_is_too_long";
  if (!FORM.test(slug)) return "value_is_invalid";
  return RESERVED.has(slug) ? "value_is_reserved" : null;
}

/** Latin letters without their marks; what has none is dropped. */
export function toAscii(text: string): string {
  return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
}

/**
 * The slug that a name gives; `org-` and five random characters where it gives none that may be used. After a clash
 * (`attempt` > 0) a random end is added: three characters, and more where those were taken as well.
 */
export function slugOf(name: string, attempt: number): string {
  const words = toAscii(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 30)
    .replace(/^-+|-+$/g, "");
  const isUsable = problemOf(words) === null && !/^\d+$/.test(words);
  if (!isUsable) return `org-${randomCharacters(5 + attempt)}`;
  return attempt === 0 ? words : `${words}-${randomCharacters(2 + attempt)}`;
}

const CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

function randomCharacters(count: number): string {
  return Array.from({ length: count }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join("");
}
