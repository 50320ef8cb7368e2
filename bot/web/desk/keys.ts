// The keyboard: single keys outside of fields, and Ctrl+K everywhere.

import * as actions from "./actions";
import { composer } from "./conversation/focus";
import { open } from "./conversation/store";
import { helpOpen } from "./help";
import { rows, view } from "./inbox/store";
import { likes, panel } from "./memory";
import { address, go, isView, type Page, route } from "./route";
import { searchOpen } from "./search";
import { may, phase } from "./session";

const PLACES: Record<string, Page> = {
  w: "waiting", m: "mine", e: "emergencies", a: "all", s: "snoozed", t: "tickets", r: "reports",
};
const CHORD_MILLISECONDS = 1_200;
let chordUntil = 0;

export function listenForKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (phase.value !== "in" || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      searchOpen.value = !searchOpen.value;
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return leave(event);
    if (!likes.keys.value || event.ctrlKey || event.metaKey || event.altKey || writes(event)) return;
    if (pressed(event.key)) event.preventDefault();
  });
}

function writes(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
}

function leave(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  if (writes(event)) {
    (event.target as HTMLElement).blur();
    focusRow(route.value.id);
  }
}

function pressed(key: string): boolean {
  if (Date.now() < chordUntil) {
    chordUntil = 0;
    const place = PLACES[key];
    if (place && (place !== "reports" || may("lead"))) go(place);
    return Boolean(place);
  }
  if (key === "g") { chordUntil = Date.now() + CHORD_MILLISECONDS; return true; }
  if (key === "?") { helpOpen.value = true; return true; }
  if (key === "N") { void actions.takeNext(); return true; }
  if (key === "[") { panel.turn(); return true; }
  if (isView(route.value.page) && (key === "j" || key === "k")) return step(key === "j" ? 1 : -1);
  const row = open.value?.row;
  return row && isView(route.value.page) ? onOpen(key, row) : false;
}

function onOpen(key: string, row: NonNullable<typeof open.value>["row"]): boolean {
  const mine = actions.isMine(row);
  switch (key) {
    case "Enter": if (document.activeElement?.matches("a, button, summary, [tabindex='0']")
      && !document.activeElement.matches("[aria-current=true]")) return false;
    // falls through: on the open row it means to answer
    case "r": composer.value?.("reply"); return true;
    case "n": composer.value?.("note"); return true;
    case "c": if (!mine) void actions.claim(row); return true;
    case "b": if (mine || row.owner === "queued") void actions.handBack(row); return true;
    case "q": if (mine) void actions.requeue(row); return true;
    case "t": if (mine) actions.transfer(row); return true;
    case "z": actions.snooze(row); return true;
    case "l": actions.tag(row); return true;
    case "e": actions.end(row); return true;
    default: return false;
  }
}

function step(by: number): boolean {
  const all = rows.value;
  if (!all.length) return false;
  const at = all.findIndex((one) => one.id === route.value.id);
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
  if (next) {
    // So many rows on the way are no history to go back through.
    history.replaceState(null, "", address(view.value, next.id));
    route.value = { page: view.value, id: next.id };
    focusRow(next.id);
  }
  return true;
}

function focusRow(id: string | null): void {
  requestAnimationFrame(() => {
    const link = id ? document.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`) : null;
    link?.focus({ preventScroll: false });
  });
}
