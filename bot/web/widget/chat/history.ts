// The messages in the order of the conversation. What comes early waits for what is missing, so
// that nothing is ever shown, or read out, in the wrong order or twice.

import type { Message } from "../../shared/protocol";

export class History {
  shown: Message[] = [];
  #early = new Map<number, Message>();

  /** Up to here nothing is missing. */
  get last(): number { return this.shown[this.shown.length - 1]?.seq ?? 0; }

  get gap(): boolean { return this.#early.size > 0; }

  /** Takes messages in and returns those that can be shown now. */
  take(messages: readonly Message[]): Message[] {
    for (const message of messages) if (message.seq > this.last) this.#early.set(message.seq, message);
    return this.#settle((seq) => seq === this.last + 1);
  }

  /** The server has nothing in between, so there is nothing to wait for. */
  bridge(): Message[] { return this.#settle(() => true); }

  #settle(fits: (seq: number) => boolean): Message[] {
    const fresh: Message[] = [];
    for (const seq of [...this.#early.keys()].sort((a, b) => a - b)) {
      if (!fits(seq)) break;
      const message = this.#early.get(seq)!;
      this.#early.delete(seq);
      this.shown = [...this.shown, message];
      fresh.push(message);
    }
    return fresh;
  }
}
