// Plain text to nodes, and moments to words.

import { el } from "./dom.js";

// What may become a link: addresses of the web, e-mail addresses, and phone numbers that are
// written with a country's prefix (an order number must not turn into a phone link).
const LINK = new RegExp([
  "(https?://[^\\s<>\"'`]+)",
  "([\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+)",
  "((?<![\\w-])(?:\\+\\d|00-?[1-9])[\\d .()-]{6,18}\\d(?![\\w-]))",
].join("|"), "g");

/** The text as text nodes and links. */
export function linked(text) {
  const parts = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const [, web, mail, phone] = match;
    const shown = web ? trimmed(web) : mail ?? phone;
    const address = web ? webAddress(shown) : mail ? `mailto:${mail}` : telephone(phone);
    if (!address) continue;
    parts.append(text.slice(end, match.index));
    parts.append(el("a", web ? { href: address, target: "_blank", rel: "noopener noreferrer" }
      : { href: address }, shown));
    end = match.index + shown.length;
  }
  parts.append(text.slice(end));
  return parts;
}

/** The `tel:` address of a phone number: 00 is the same as +. */
export function telephone(written) {
  const number = written.replace(/[^\d+]/g, "").replace(/^00/, "+");
  return `tel:${number}`;
}

function trimmed(address) {
  let shown = address.replace(/[.,;:!?…。，、）】」]+$/u, "");
  if (shown.endsWith(")") && !shown.includes("(")) shown = shown.slice(0, -1);
  return shown;
}

function webAddress(written) {
  try {
    const url = new URL(written);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** "Today", "Yesterday" or the date. */
export function dayOf(moment, now = new Date()) {
  const days = Math.round((midnight(now) - midnight(moment)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return moment.toLocaleDateString("en", {
    weekday: "long", day: "numeric", month: "long",
    ...(moment.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }),
  });
}

/** The time of day as the visitor's own machine writes it. */
export function timeOf(moment) {
  return moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** A calendar date such as 2027-03-01 in words, the same in every time zone. */
export function dateInWords(iso) {
  const [year, month, day] = String(iso).split("-").map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  if (Number.isNaN(date.getTime())) return String(iso);
  return date.toLocaleDateString("en-GB", {
    day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
  });
}

function midnight(moment) {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
}
