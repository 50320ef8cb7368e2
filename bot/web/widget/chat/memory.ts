// What the page remembers in its own storage, which browsers keep apart for each shop that embeds
// it. A browser that forbids that as well forgets it with the page, but for the token: the shop's
// page keeps it for us.

const UNSENT = "chat.unsent.";
/** Whoever comes back after that long did not wait for this to be sent. */
const STALE_MILLISECONDS = 7 * 24 * 3600_000;

export interface Unsent {
  id: string;
  text: string;
  shown: string;
  at: number;
  attachments: import("../../shared/protocol").Attachment[];
}

const forgotten: Record<string, string> = {};
let storage: Record<string, string> = forgotten;
try {
  localStorage.length; // throws where it is forbidden
  storage = localStorage;
} catch {
  // kept for as long as the page
}

function get<T>(name: string): T | null {
  try {
    return JSON.parse(storage[name] ?? "null") as T | null;
  } catch {
    return null;
  }
}

function set(name: string, value: unknown): void {
  try {
    if (value === null) delete storage[name];
    else storage[name] = JSON.stringify(value);
  } catch {
    // full
  }
}

/** Messages without an acknowledgement. Each under its own name, so that tabs don't overwrite. */
export const unsent = {
  load(): Unsent[] {
    return Object.keys(storage).filter((name) => name.startsWith(UNSENT))
      .map((name) => ({ name, kept: get<Unsent>(name) }))
      .filter(({ name, kept }) => {
        const good = kept?.id && typeof kept.text === "string"
          && Date.now() - kept.at < STALE_MILLISECONDS;
        if (!good) set(name, null);
        return good;
      })
      .map(({ kept }) => ({ ...kept!, attachments: kept!.attachments ?? [] }))
      .sort((a, b) => a.at - b.at);
  },
  save({ id, text, shown, at, attachments }: Unsent): void {
    set(UNSENT + id, { id, text, shown, at, attachments });
  },
  drop(id: string): void { set(UNSENT + id, null); },
};

/** A mark for one conversation; another conversation has none. */
function perThread(name: string) {
  return {
    load(thread: string | null): number {
      const kept = get<{ thread: string; seq: number }>(name);
      return kept && kept.thread === thread ? kept.seq : 0;
    },
    save(thread: string, seq: number): void { set(name, { thread, seq }); },
  };
}

export const seen = perThread("chat.read");
export const understood = perThread("chat.safety");
/** Up to which message the customer was asked for a rating. */
export const rated = perThread("chat.rated");

let keep: (value: string | null) => void = () => {};

/** Only where the browser blocks our cookie. */
export const token = {
  load: () => get<string>("chat.token"),
  save(value: string | null): void {
    set("chat.token", value);
    if (storage === forgotten) keep(value);
  },
  /** What the shop's page kept for us, and how it keeps another one. */
  lend(kept: string | undefined, keeper: typeof keep): void {
    if (storage !== forgotten) return;
    keep = keeper;
    if (kept) set("chat.token", kept);
  },
};

/** The language that the customer chose in the menu. */
export const language = {
  load: () => get<string>("chat.language"),
  save: (value: string) => set("chat.language", value),
};

/** The last conversation here; none yet for a newcomer. */
export const met = {
  load: () => get<string>("chat.thread"),
  save: (thread: string) => set("chat.thread", thread),
};

/** What stands in the field, so that a reload does not take it away. */
export const draft = {
  load: () => get<string>("chat.draft") ?? "",
  save: (value: string) => set("chat.draft", value || null),
};
