// What the customer wrote, from the keystroke to the acknowledgement. One after the other, so that
// none overtakes another one; with the same id each time, so that none arrives twice.

import * as memory from "./memory";
import type { Accepted, Attachment } from "../../shared/protocol";
import { t } from "../../shared/texts";

const TRIES = 3;
const LONGEST_REST = 60;

export interface Outgoing extends memory.Unsent {
  state: "waiting" | "sending" | "failed" | "refused";
  note?: string;
  tries?: number;
}

export interface Ends {
  deliver(one: Outgoing): Promise<Accepted>;
  accepted(one: Outgoing, seq: number): void;
  changed(): void;
  isUp(): boolean;
  /** The server says that this conversation is over. */
  ended(): Promise<void>;
}

export class Outbox {
  items: Outgoing[] = memory.unsent.load().map((one) => ({ ...one, state: "waiting" }));
  #busy = false;
  #wake: () => void = () => {};

  readonly #ends: Ends;

  constructor(ends: Ends) { this.#ends = ends; }

  add(text: string, shown: string, attachments: Attachment[]): void {
    const one: Outgoing = { id: newId(), text, shown, attachments, at: Date.now(), state: "waiting" };
    memory.unsent.save(one);
    this.items = [...this.items, one];
    this.#ends.changed();
    void this.flush();
  }

  /** The server has it, whichever way that became known. */
  settled(id: string | undefined): void {
    if (!id || !this.items.some((one) => one.id === id)) return;
    this.remove(id);
  }

  remove(id: string): void {
    memory.unsent.drop(id);
    this.items = this.items.filter((one) => one.id !== id);
    this.#ends.changed();
  }

  clear(): void { for (const { id } of this.items) this.remove(id); }

  retry(): void {
    this.items = this.items.map((one) =>
      one.state === "failed" ? { ...one, state: "waiting", tries: 0, note: "" } : one);
    this.#ends.changed();
    this.#wake();
    void this.flush();
  }

  async flush(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      let next;
      while (this.#ends.isUp() && (next = this.items.find((one) => one.state === "waiting"))) {
        await this.#send(next.id);
      }
    } finally {
      this.#busy = false;
    }
  }

  async #send(id: string): Promise<void> {
    const one = this.#change(id, { state: "sending" });
    if (!one) return;
    let answer: Accepted;
    try {
      answer = await this.#ends.deliver(one);
    } catch {
      const tries = (one.tries ?? 0) + 1;
      // Lost on the way: it waits for the connection. Unanswered again and again: the customer decides.
      if (this.#ends.isUp() && tries >= TRIES) this.#failAll();
      else this.#change(id, { state: "waiting", tries: this.#ends.isUp() ? tries : 0 });
      return;
    }
    if (!answer.error) {
      this.#ends.accepted(one, answer.seq!);
      this.settled(id);
      return;
    }
    const { code, text, retry_after: rest } = answer.error;
    if (code === "rate" || code === "unavailable") {
      const tries = (one.tries ?? 0) + 1;
      if (code === "unavailable" && tries >= TRIES) return this.#failAll();
      this.#change(id, { state: "waiting", tries, note: text ?? t(
        code === "rate" ? "error_rate" : "error_unavailable") });
      await this.#rest(Math.min(rest ?? 2 ** tries, LONGEST_REST) * 1000);
    } else if (code === "ended" && (one.tries ?? 0) < TRIES) {
      this.#change(id, { state: "waiting", tries: (one.tries ?? 0) + 1 });
      await this.#ends.ended();
    } else {
      this.#change(id, { state: "refused", note: text ?? t("error_other") });
    }
  }

  #failAll(): void {
    this.items = this.items.map((one) =>
      (one.state === "refused" ? one : { ...one, state: "failed", note: "" }));
    this.#ends.changed();
  }

  #change(id: string, what: Partial<Outgoing>): Outgoing | undefined {
    this.items = this.items.map((one) => (one.id === id ? { ...one, ...what } : one));
    this.#ends.changed();
    return this.items.find((one) => one.id === id);
  }

  #rest(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }
}

export function newId(): string {
  // Not randomUUID: it is missing on pages that are served over plain http.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)),
    (byte) => byte.toString(16).padStart(2, "0")).join("");
}
