// The conversation as the server has it: fetches what is new, and hands over what is written until
// it is acknowledged. Nothing is lost or doubled by a bad connection, a reload or a second tab.

import * as api from "./chat-api.js";
import * as memory from "./chat-memory.js";
import { Tabs } from "./chat-tabs.js";

const WAIT_SECONDS = 25;
/** A tab that does not wait for news itself only asks now and then, or when another one rings. */
const QUIET_PAUSE = 20_000;
/** Before asking again when the server would not let us wait, as with very many tabs. */
const CROWDED_PAUSE = 2_000;
const LONGEST_PAUSE = 15_000;
const TRIES = 3;

/**
 * `view` is told: contact(ways), message(m), pending(list), typing(yes), owner(name),
 * connected(yes), reset(), loaded().
 */
export class Conversation {
  #view;
  #pending = memory.pending.load().map((one) => ({ ...one, state: "sending" }));
  #thread = null;
  #lastSeq = 0;
  #typing = false;
  #loaded = false;
  #connected = true;
  #begun = false;
  #flushing = false;
  #kick = new AbortController();
  #hurry = new AbortController();
  #tabs;

  constructor(view) {
    this.#view = view;
    const look = () => this.#look();
    this.#tabs = new Tabs(look);
    document.addEventListener("visibilitychange", look);
    window.addEventListener("pageshow", look);
    window.addEventListener("online", () => this.retry());
  }

  get thread() { return this.#thread; }

  /** Begins to listen; once is enough. */
  start() {
    if (this.#begun) return;
    this.#begun = true;
    this.#view.pending(this.#pending);
    this.#listen();
  }

  /** Sends a text; `shown` is what the customer sees of it where that differs. */
  send(text, shown = text) {
    this.start();
    this.#pending.push({ id: newId(), text, shown, at: Date.now(), state: "sending" });
    this.#changed();
    this.#flush();
  }

  /** Tries everything again that did not get through. */
  retry() {
    for (const one of this.#pending) {
      if (one.state === "failed") Object.assign(one, { state: "sending", tries: 0 });
    }
    this.#changed();
    this.#hurry.abort();
    this.#flush();
    this.#look();
  }

  /** Takes back a message that was refused. */
  drop(id) {
    this.#pending = this.#pending.filter((one) => one.id !== id);
    this.#changed();
  }

  /** Leaves this conversation and begins a new one. */
  async fresh() {
    const contact = await api.session(true);
    this.#pending = [];
    this.#hurry.abort();
    this.#tabs.ring();
    this.#changed();
    this.#reset(contact.thread);
    this.#look();
  }

  async #listen() {
    let failures = 0;
    for (;;) {
      this.#kick = new AbortController();
      const { signal } = this.#kick;
      try {
        if (!this.#thread) await this.#meet();
        const listens = this.#tabs.listens;
        const wait = this.#loaded && listens ? WAIT_SECONDS : 0;
        const typing = this.#typing;
        const began = Date.now();
        const page = await api.poll({
          after: this.#lastSeq, wait, typing, thread: this.#thread, signal,
        });
        failures = 0;
        this.#reached(true);
        const news = this.#take(page) || page.typing !== typing;
        if (news && listens) this.#tabs.ring();
        if (!news && Date.now() - began < 1000) {
          await pause(listens ? CROWDED_PAUSE : QUIET_PAUSE, signal);
        }
      } catch (error) {
        if (signal.aborted) continue;
        if (error.status === 401) this.#thread = null;
        failures += 1;
        if (failures > 1) this.#reached(false);
        const longest = Math.min(LONGEST_PAUSE, 500 * 2 ** failures);
        await pause(longest * (0.5 + Math.random() / 2), signal);
      }
    }
  }

  async #meet() {
    const contact = await api.session();
    this.#view.contact(contact);
    if (this.#lastSeq) this.#reset(contact.thread);
    this.#thread = contact.thread;
    memory.started.save();
    this.#flush();
  }

  /** Takes in what a poll brought; whether it was anything that calls for the next one at once. */
  #take(page) {
    if (page.thread !== this.#thread) {
      // Another tab began a new conversation: `after` was meant for the old one.
      this.#reset(page.thread);
      return true;
    }
    for (const message of page.messages) {
      if (message.seq <= this.#lastSeq) continue;
      this.#lastSeq = message.seq;
      const known = this.#pending.length;
      this.#pending = this.#pending.filter((one) => one.id !== message.client_msg_id);
      if (this.#pending.length !== known) this.#changed();
      this.#view.message(message);
    }
    this.#typing = page.typing;
    this.#view.typing(page.typing);
    this.#view.owner(page.owner);
    const first = !this.#loaded && page.messages.length === 0;
    if (first) {
      this.#loaded = true;
      this.#view.loaded();
    }
    return first || page.messages.length > 0;
  }

  async #flush() {
    if (this.#flushing || !this.#thread) return;
    this.#flushing = true;
    let next;
    while ((next = this.#pending.find((one) => one.state === "sending"))) {
      try {
        await api.send(next.id, next.text);
        Object.assign(next, { state: "sent", note: "" });
      } catch (error) {
        await this.#failed(next, error);
      }
      this.#changed();
    }
    this.#flushing = false;
  }

  async #failed(message, error) {
    if (error.status === 401) {
      await this.#meet().catch(() => this.#giveUp());
    } else if (error.status === 429) {
      message.note = error.sentence;
      this.#changed();
      await this.#rest(Math.min(error.retryAfter || 5, 60) * 1000);
    } else if (error.status >= 400 && error.status < 500) {
      Object.assign(message, { state: "refused", note: error.sentence });
    } else {
      message.tries = (message.tries ?? 0) + 1;
      if (message.tries >= TRIES) this.#giveUp();
      else await this.#rest(700 * 2 ** message.tries);
    }
  }

  #rest(milliseconds) {
    this.#hurry = new AbortController();
    return pause(milliseconds, this.#hurry.signal);
  }

  #giveUp() {
    // All of them, so that none overtakes another one.
    for (const one of this.#pending) if (one.state === "sending") one.state = "failed";
    this.#look();
  }

  #changed() {
    memory.pending.save(this.#pending.filter((one) => one.state !== "sent"));
    this.#view.pending(this.#pending);
  }

  #reached(yes) {
    if (yes !== this.#connected) {
      this.#connected = yes;
      this.#view.connected(yes);
      if (yes) this.retry();
    }
  }

  #reset(thread) {
    this.#thread = thread;
    this.#lastSeq = 0;
    this.#loaded = false;
    this.#typing = false;
    this.#view.reset();
  }

  #look() {
    if (this.#begun) this.#kick.abort();
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, signal.aborted ? 0 : milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

function newId() {
  // Not randomUUID: it is missing on pages that are served over plain http.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)),
    (byte) => byte.toString(16).padStart(2, "0")).join("");
}
