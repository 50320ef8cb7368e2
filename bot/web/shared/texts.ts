// The chat's own words, in the chosen language; English is built in for what is not there.

import type { ComponentChildren } from "preact";
import english from "english";

let words: Record<string, string> = english;

/** Of the words that are shown now. */
export let language = "en";

export function t(key: string, values: Record<string, string | number> = {}): string {
  return template(key).replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole);
}

/** The same with elements for the placeholders: a sentence stays whole in every language. */
export function parts(key: string,
  values: Record<string, ComponentChildren>): ComponentChildren[] {
  return template(key).split(/\{(\w+)\}/).map((part, at) => (at % 2 ? values[part] : part));
}

export function has(key: string): boolean { return key in english; }

function template(key: string): string { return words[key] || english[key] || key; }

/** Loads a language and turns the page its way. Without a connection English stands in. */
export async function speak(wanted: string): Promise<boolean> {
  let loaded: Record<string, string> = { language: "en", dir: "ltr" };
  if (wanted !== "en") {
    try {
      const response = await fetch(`/widget/texts/${wanted}.json`);
      if (!response.ok) return false;
      loaded = await response.json() as Record<string, string>;
    } catch {
      return false;
    }
  }
  words = { ...english, ...loaded };
  language = wanted;
  const root = document.documentElement;
  root.lang = wanted;
  root.dir = loaded.dir === "rtl" || wanted === "ar" ? "rtl" : "ltr";
  document.title = t("title");
  return true;
}
