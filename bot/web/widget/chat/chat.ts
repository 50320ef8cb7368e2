// The conversation as the server has it, and what the customer adds to it.

import * as api from "./api";
import { Connection } from "./connection";
import { History } from "./history";
import * as memory from "./memory";
import { Outbox, type Outgoing } from "./outbox";
import type { Accepted, Attachment, Confirm, Contact, Limits, Message, Owner, Resumed } from "../../shared/protocol";
import { t } from "../../shared/texts";

/** A line that quickly came back was never worth a word. */
const PATIENCE_MILLISECONDS = 2_500;
const LONGEST_PAUSE = 15_000;
const AGAIN_MILLISECONDS = 2_000;

/** Something that happened between two messages, such as a person joining. */
export interface Happening { after: number; text: string }

export interface State {
  thread: string | null;
  contact: Contact | null;
  limits: Limits;
  messages: Message[];
  outgoing: Outgoing[];
  happenings: Happening[];
  owner: Owner;
  typing: { on: boolean; author?: string };
  /** What was said so far is on the page. */
  loaded: boolean;
  connection: "connecting" | "up" | "lost" | "offline";
  unread: number;
  /** The safety message that has not been acknowledged. */
  alarm: Message | null;
  rating: "none" | "offered" | "thanks";
}

const LIMITS: Limits = {
  characters: 4000, file_bytes: 20_000_000,
  file_types: ["image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "application/pdf"],
};

const NOTHING = {
  messages: [], happenings: [], loaded: false, unread: 0, alarm: null, rating: "none",
  typing: { on: false }, owner: { owner: "bot" },
} satisfies Partial<State>;

export class Chat {
  state: State = {
    ...NOTHING, thread: null, contact: null, limits: LIMITS, outgoing: [], connection: "connecting",
  };
  /** Told after every change. */
  onChange: () => void = () => {};
  /** The conversation's language, as the server understood it. */
  onLanguage: (language: string) => void = () => {};

  #history = new History();
  readonly #connection = new Connection({
    connected: () => void this.#connected(),
    lost: () => this.#lost(),
    refused: () => this.#meet(false),
    event: (name, payload) => this.#heard(name, payload),
  });
  readonly #outbox = new Outbox({
    deliver: (one) => this.#connection.request<Accepted>("user_uttered", {
      client_msg_id: one.id, message: one.text, attachments: one.attachments.map(({ id }) => id),
    }),
    accepted: (one, seq) => this.#accepted(one, seq),
    changed: () => this.#set({ outgoing: this.#outbox.items }),
    isUp: () => this.#connection.isUp && this.state.loaded,
    ended: () => this.#again(),
  });
  #wish: api.SessionWish = {};
  #chosen = false;
  #visible = false;
  #syncing = false;
  #more = false;
  #patience = 0;
  #asksLanguage = false;

  async start(wish: api.SessionWish): Promise<void> {
    this.#wish = wish;
    this.#set({ outgoing: this.#outbox.items });
    const look = (): void => this.#look();
    document.addEventListener("visibilitychange", look);
    addEventListener("pageshow", look);
    addEventListener("online", look);
    addEventListener("offline", () => this.#set({ connection: "offline" }));
    addEventListener("storage", () => this.#seen());
    for (let pause = 500; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        await this.#meet(false);
        break;
      } catch {
        this.#lost();
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    this.#connection.open();
  }

  send(text: string, shown = text, attachments: Attachment[] = []): void {
    this.#outbox.add(text, shown, attachments);
    this.#asksLanguage = true;
  }

  retry(): void {
    this.#outbox.retry();
    this.#look();
  }

  /** Takes back a message that was refused. */
  remove(id: string): void { this.#outbox.remove(id); }

  async fresh(): Promise<void> {
    await this.#meet(true);
    this.#outbox.clear();
    this.#connection.reopen();
  }

  async chooseLanguage(language: string): Promise<void> {
    this.#wish = { ...this.#wish, language };
    this.#chosen = true;
    await this.#meet(false).catch(() => {});
  }

  /** Whether the customer can see the chat. */
  show(yes: boolean): void {
    this.#visible = yes;
    this.#look();
  }

  typingNow(on: boolean): void { this.#connection.tell("user_typing", { on }); }

  understood(): void {
    const { alarm, thread } = this.state;
    if (alarm && thread) memory.understood.save(thread, alarm.seq);
    this.#set({ alarm: null });
    this.#seen();
  }

  offerRating(): void { this.#set({ rating: "offered" }); }

  async rate(stars: number, comment: string): Promise<boolean> {
    try {
      const { ok } = await this.#connection.ask<{ ok: boolean }>("rate",
        { stars, ...(comment && { comment }) });
      if (ok) this.rated("thanks");
      return ok;
    } catch {
      return false;
    }
  }

  rated(rating: "none" | "thanks"): void {
    if (this.state.thread) memory.rated.save(this.state.thread, 1);
    this.#set({ rating });
  }

  #set(what: Partial<State>): void {
    this.state = { ...this.state, ...what };
    this.onChange();
  }

  async #meet(fresh: boolean): Promise<void> {
    // The server learns the language from what is written; only a first word, or the menu, says more.
    const language = fresh || this.#chosen || !memory.met.load() ? this.#wish.language : undefined;
    const found = await api.session({ ...this.#wish, language, fresh });
    this.#set({ contact: found, limits: found.limits ?? this.state.limits });
    if (found.language) this.onLanguage(found.language);
  }

  async #connected(): Promise<void> {
    try {
      // Both at once: on a slow line each way there and back counts.
      const last = this.#history.last;
      const [confirm, found] = await Promise.all([
        this.#connection.ask<Confirm>("session_request", {}), this.#resume(last)]);
      if (confirm.thread !== this.state.thread) {
        this.#reset();
        this.#set({ thread: confirm.thread });
        memory.met.save(confirm.thread);
      }
      this.#confirmed(confirm);
      // What follows a message of another conversation is nothing to this one.
      await this.#sync(last === this.#history.last ? found : undefined);
    } catch {
      // Connected, but nothing comes through, or the server knows this visitor no more.
      if (this.#connection.isUp) await this.#again();
    }
  }

  /** Introduces the page anew. */
  async #again(): Promise<void> {
    await this.#meet(false).catch(() => {});
    this.#connection.reopen(AGAIN_MILLISECONDS);
  }

  #confirmed(confirm: Confirm): void {
    // Another tab began a new conversation, and a socket belongs to the one it connected to.
    if (confirm.thread !== this.state.thread) {
      this.#connection.reopen();
      return;
    }
    this.#ownedBy(confirm);
    this.#set({ typing: { on: confirm.typing } });
    if (confirm.language) this.onLanguage(confirm.language);
  }

  /** Asks for what is missing until nothing is. */
  async #sync(known?: Resumed): Promise<void> {
    this.#more = true;
    if (this.#syncing) return;
    this.#syncing = true;
    try {
      while (this.#more) {
        this.#more = false;
        const found = known ?? await this.#resume(this.#history.last);
        known = undefined;
        if (found.thread !== this.state.thread) {
          this.#connection.reopen();
          return;
        }
        this.#take(found.messages);
        if (found.more) this.#more = true;
        else if (this.#history.gap) this.#added(this.#history.bridge());
        this.#ownedBy(found);
        this.#set({ typing: { on: found.typing, author: this.state.typing.author } });
      }
      clearTimeout(this.#patience);
      this.#patience = 0;
      this.#set({ loaded: true, connection: "up" });
      this.#seen();
      void this.#outbox.flush();
    } finally {
      this.#syncing = false;
    }
  }

  #resume(last_seq: number): Promise<Resumed> {
    return this.#connection.ask<Resumed>("resume", { last_seq });
  }

  #heard(name: string, payload: unknown): void {
    if (name === "bot_uttered") {
      this.#take([payload as Message]);
      if (this.#history.gap) void this.#sync().catch(() => {});
    } else if (name === "typing") {
      this.#set({ typing: payload as State["typing"] });
    } else if (name === "owner") {
      this.#ownedBy(payload as Owner);
    } else if (name === "session_confirm") {
      this.#confirmed(payload as Confirm);
    }
  }

  #take(messages: Message[]): void { this.#added(this.#history.take(messages)); }

  #added(fresh: Message[]): void {
    if (!fresh.length) return;
    for (const one of fresh) this.#outbox.settled(one.client_msg_id);
    const theirs = fresh.filter((one) => one.author !== "customer");
    const alarm = [...theirs].reverse().find((one) => one.custom?.type === "safety"
      && one.seq > memory.understood.load(this.state.thread));
    const done = this.state.loaded && theirs.some((one) => one.custom?.type === "ticket");
    this.#set({
      messages: this.#history.shown,
      ...(alarm && { alarm }),
      ...(theirs.length && { typing: { on: false } }),
    });
    if (done) this.#maybeRate();
    if (theirs.length && this.#asksLanguage) {
      this.#asksLanguage = false;
      this.#connection.ask<Confirm>("session_request", {})
        .then((found) => found.language && this.onLanguage(found.language)).catch(() => {});
    }
    this.#seen();
  }

  /** Its acknowledgement is enough; the copy for the other tabs need not come here. */
  #accepted(one: Outgoing, seq: number): void {
    const now = new Date().toISOString();
    this.#take([{ seq, author: "customer", text: one.shown, attachments: one.attachments,
      sent_at: now, client_msg_id: one.id }]);
    if (this.#history.gap) void this.#sync().catch(() => {});
  }

  #ownedBy({ owner, agent, position, expected_minutes }: Owner): void {
    const before = this.state.owner;
    // `resume` tells who, and only the event itself how long it takes.
    const now = { ...(owner === before.owner && before), owner,
      ...(agent && { agent }), ...(position && { position, expected_minutes }) };
    const happenings = [...this.state.happenings];
    if (this.state.loaded && owner !== before.owner) {
      const after = this.#history.last;
      if (owner === "agent") {
        happenings.push({ after, text: agent ? t("agent_joined", { name: agent })
          : t("agent_joined_nameless") });
      }
      if (before.owner === "agent" && owner === "bot") {
        happenings.push({ after, text: t("agent_left") });
        this.#maybeRate();
      }
    }
    this.#set({ owner: now, happenings });
  }

  #maybeRate(): void {
    if (!memory.rated.load(this.state.thread)) this.#set({ rating: "offered" });
  }

  #seen(): void {
    const { thread, messages } = this.state;
    if (!thread || !this.state.loaded) return;
    const before = memory.seen.load(thread);
    if (this.#visible && !document.hidden) {
      if (this.#history.last > before) {
        memory.seen.save(thread, this.#history.last);
        this.#connection.tell("read", { seq: this.#history.last });
      }
      this.#set({ unread: 0 });
    } else {
      this.#set({ unread: messages.filter((one) => one.author !== "customer" && one.seq > before)
        .length });
    }
  }

  /** After sleep, or on coming back to the tab: the line may be dead without knowing it. */
  #look(): void {
    this.#seen();
    if (document.hidden) return;
    if (!this.#connection.isUp) {
      if (this.state.thread) this.#connection.open();
      return;
    }
    this.#sync().catch(() => { if (this.#connection.isUp) this.#connection.reopen(); });
  }

  #lost(): void {
    if (!navigator.onLine) this.#set({ connection: "offline" });
    else if (!this.#patience) {
      this.#patience = window.setTimeout(() => {
        this.#patience = 0;
        if (!this.#connection.isUp && this.state.connection !== "offline") {
          this.#set({ connection: this.state.loaded ? "lost" : "connecting" });
        }
      }, PATIENCE_MILLISECONDS);
    }
  }

  #reset(): void {
    this.#history = new History();
    this.#set({ ...NOTHING });
  }
}

