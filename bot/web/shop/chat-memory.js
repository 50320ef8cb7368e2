// What the page remembers. A browser that forbids storage only loses the convenience.

const PENDING = "chat.pending";
const READ = "chat.read";
const STARTED = "chat.started";
const NOTED = "chat.safety";

function get(storage, name) {
  try {
    return JSON.parse(window[storage].getItem(name));
  } catch {
    return null;
  }
}

function set(storage, name, value) {
  try {
    window[storage].setItem(name, JSON.stringify(value));
  } catch {
    // full or forbidden
  }
}

/** Messages that no acknowledgement came for yet, oldest first. */
export const pending = {
  load: () => {
    const kept = get("sessionStorage", PENDING);
    return Array.isArray(kept) ? kept.filter((one) => one?.id && one?.text) : [];
  },
  save: (messages) => set("sessionStorage", PENDING,
    messages.map(({ id, text, shown, at }) => ({ id, text, shown, at }))),
};

/** Whether this browser has chatted before: then the page listens for replies from the start. */
export const started = {
  load: () => get("localStorage", STARTED) === true,
  save: () => set("localStorage", STARTED, true),
};

/** Up to which message of which thread the customer has read. */
export const read = {
  load: (thread) => {
    const kept = get("localStorage", READ);
    return kept?.thread === thread ? kept.seq : 0;
  },
  save: (thread, seq) => set("localStorage", READ, { thread, seq }),
};

/** The safety message that the customer said to have understood. */
export const understood = {
  load: (thread) => {
    const kept = get("localStorage", NOTED);
    return kept?.thread === thread ? kept.seq : 0;
  },
  save: (thread, seq) => set("localStorage", NOTED, { thread, seq }),
};
