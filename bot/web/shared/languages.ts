// The fifteen languages, by their own names.

export const LANGUAGES: Record<string, string> = {
  ar: "العربية", de: "Deutsch", en: "English", es: "Español", fr: "Français", it: "Italiano",
  ja: "日本語", ko: "한국어", nl: "Nederlands", pl: "Polski", pt: "Português", ru: "Русский",
  th: "ไทย", tr: "Türkçe", zh: "中文",
};

/** The first of the wanted languages that is one of ours. */
export function pick(wanted: readonly (string | null | undefined)[]): string {
  for (const one of wanted) {
    const code = (one ?? "").slice(0, 2).toLowerCase();
    if (code in LANGUAGES) return code;
  }
  return "en";
}
