/** The languages that documents are written in (B.6 of the platform spec). */
export const DOCUMENT_LOCALES = ["en", "fr", "nb", "de", "it", "es", "sv", "pt-BR", "zh-TW"] as const;

export function isDocumentLocale(code: string): boolean {
  return DOCUMENT_LOCALES.some((known) => known === code);
}
