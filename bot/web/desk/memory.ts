// What the page keeps in the browser: drafts and unsent replies as long as the tab lives, and how
// the agent likes the desk.

import { signal, type Signal } from "@preact/signals";

export interface Draft { text: string; note: string; mode: "reply" | "note" }

export interface Unsent {
  id: string;
  conversation: string;
  text: string;
  attachments: import("./protocol").Attachment[];
  at: string;
}

const EMPTY: Draft = { text: "", note: "", mode: "reply" };
const UNSENT = "desk.unsent.";

function read<T>(storage: Storage, name: string, otherwise: T): T {
  try {
    return JSON.parse(storage.getItem(name) ?? "null") as T ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(storage: Storage, name: string, value: unknown): void {
  try {
    if (value === null) storage.removeItem(name);
    else storage.setItem(name, JSON.stringify(value));
  } catch {
    // full or forbidden: it lasts as long as the page
  }
}

export const drafts = {
  load: (id: string): Draft => ({ ...EMPTY, ...read(sessionStorage, `desk.draft.${id}`, EMPTY) }),
  save(id: string, draft: Draft): void {
    const empty = !draft.text && !draft.note && draft.mode === "reply";
    write(sessionStorage, `desk.draft.${id}`, empty ? null : draft);
  },
};

export const unsent = {
  load: (): Unsent[] => Object.keys(sessionStorage).filter((name) => name.startsWith(UNSENT))
    .map((name) => read<Unsent | null>(sessionStorage, name, null))
    .filter((one): one is Unsent => one !== null)
    .sort((a, b) => a.at.localeCompare(b.at)),
  save: (one: Unsent): void => write(sessionStorage, UNSENT + one.id, one),
  drop: (id: string): void => write(sessionStorage, UNSENT + id, null),
};

/** The tab's end takes drafts with it; at sign-out they must not wait for somebody else. */
export function forget(): void {
  for (const name of Object.keys(sessionStorage)) {
    if (name.startsWith("desk.")) sessionStorage.removeItem(name);
  }
}

function liking<T>(name: string, otherwise: T): Signal<T> {
  const kept = signal(read(localStorage, `desk.${name}`, otherwise));
  kept.subscribe((value) => write(localStorage, `desk.${name}`, value));
  return kept;
}

export const likes = {
  theme: liking<"auto" | "light" | "dark">("theme", "auto"),
  sendWith: liking<"enter" | "ctrl">("send_with", "enter"),
  sound: liking("sound", true),
  notify: liking("notify", false),
  keys: liking("keys", true),
  panel: liking("panel", true),
};

/** Where there is little room the details lie over the conversation, and only when asked for. */
const narrow = signal(false);
const drawer = signal(false);
const little = matchMedia("(max-width: 1180px)");
const measure = (): void => { narrow.value = little.matches; drawer.value = false; };
little.addEventListener("change", measure);
measure();

export const panel = {
  get isOpen(): boolean { return narrow.value ? drawer.value : likes.panel.value; },
  turn(on?: boolean): void {
    const kept = narrow.value ? drawer : likes.panel;
    kept.value = on ?? !kept.value;
  },
};
