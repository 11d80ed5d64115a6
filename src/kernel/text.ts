/** Texts that a column can hold: PostgreSQL knows no U+0000, and UTF-8 no half of a surrogate pair. */

/** Longer names and codes are refused with `value_is_too_long`. */
export const NAME_LENGTH_MAX = 255;

/** `text` without U+0000, lone surrogates replaced by U+FFFD. */
export function storableText(text: string): string {
  return text.replaceAll("\u0000", "").toWellFormed();
}

/** As storableText; blank texts (none, or only spaces) are null. */
export function storableTextOrNull(text: string | null | undefined): string | null {
  const kept = storableText(text ?? "");
  return kept.trim() === "" ? null : kept;
}

/** As storableTextOrNull, without blanks around it. */
export function trimmedTextOrNull(text: string | null | undefined): string | null {
  return storableTextOrNull(text)?.trim() ?? null;
}
