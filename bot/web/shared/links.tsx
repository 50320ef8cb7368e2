// Plain text to text nodes and links; nothing is ever parsed as markup.

import type { ComponentChildren } from "preact";

// What may become a link: addresses of the web, e-mail addresses, and phone numbers that are
// written with a country's prefix (an order number must not turn into a phone link).
const LINK = new RegExp([
  "(https?://[^\\s<>\"'`]+)",
  "([\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+)",
  "((?:\\+\\d|00-?[1-9])[\\d .()-]{6,18}\\d(?![\\w-]))",
].join("|"), "gi");

export function Linked({ text }: { text: string }) {
  const nodes: ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const [, web, mail, phone] = match;
    const at = match.index!;
    if (phone && /[\w-]/.test(text.charAt(at - 1))) continue;
    const shown = web ? trimmed(web) : (mail ?? phone)!;
    const address = web ? webAddress(shown) : mail ? `mailto:${mail}` : telephone(shown);
    if (!address) continue;
    nodes.push(text.slice(end, at), web
      ? <a href={address} target="_blank" rel="noopener noreferrer">{shown}</a>
      : <a href={address}>{shown}</a>);
    end = at + shown.length;
  }
  nodes.push(text.slice(end));
  return <>{nodes}</>;
}

/** The `tel:` address of a phone number: 00 is the same as +. */
export function telephone(written: string): string {
  return `tel:${written.replace(/[^\d+]/g, "").replace(/^00/, "+")}`;
}

/** A name without what would turn it around or hide its ending. */
export function plainName(name: string): string {
  return name.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, "");
}

function trimmed(address: string): string {
  const shown = address.replace(/[.,;:!?…。，、）】」]+$/u, "");
  return shown.endsWith(")") && !shown.includes("(") ? shown.slice(0, -1) : shown;
}

function webAddress(written: string): string | null {
  try {
    const url = new URL(written);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
