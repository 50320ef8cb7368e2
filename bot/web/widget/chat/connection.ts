// The socket: keeps itself connected, and knows a dead connection from a quiet one.

import { io, type Socket } from "socket.io-client";
import { currentToken } from "./api";
import type { Refusal } from "../../shared/protocol";

const ANSWER_MILLISECONDS = 10_000;
const RETRY_MILLISECONDS = 3_000;

export interface Ears {
  connected(): void;
  lost(): void;
  /** The server does not know this visitor (any more). */
  refused(): Promise<void>;
  event(name: string, payload: unknown): void;
}

export class Connection {
  readonly #socket: Socket;
  #resting = false;

  constructor(ears: Ears) {
    this.#socket = io({
      path: "/chat/socket.io", autoConnect: false, withCredentials: true,
      // Most lines take a WebSocket at once, which saves the detour; those that don't still work.
      transports: ["websocket", "polling"], tryAllTransports: true,
      auth: (send) => send({ token: currentToken() }),
      reconnectionDelay: 500, reconnectionDelayMax: 8_000, timeout: 12_000,
    });
    this.#socket.on("connect", () => ears.connected());
    this.#socket.io.on("reconnect_attempt", () => { this.#resting = false; });
    const down = (): void => {
      this.#resting = true;
      ears.lost();
      // Told to go away, the client does not come back by itself.
      if (!this.#socket.active) {
        setTimeout(() => ears.refused().catch(() => {}).then(() => this.open()), RETRY_MILLISECONDS);
      }
    };
    this.#socket.on("disconnect", (reason) => {
      if (reason === "io client disconnect") ears.lost();
      else down();
    });
    this.#socket.on("connect_error", down);
    for (const name of ["bot_uttered", "typing", "owner", "session_confirm"]) {
      this.#socket.on(name, (payload) => ears.event(name, payload));
    }
  }

  get isUp(): boolean { return this.#socket.connected; }

  /** Now, and not only when the rest between two tries is over. Never twice at a time. */
  open(): void {
    if (this.#resting && !this.isUp) this.#socket.disconnect();
    this.#resting = false;
    if (!this.#socket.active) this.#socket.connect();
  }

  /** In another conversation, or because nothing comes through any more. */
  reopen(after = 0): void {
    this.#socket.disconnect();
    setTimeout(() => this.open(), after);
  }

  tell(name: string, payload: unknown): void {
    if (this.isUp) this.#socket.emit(name, payload);
  }

  /** The acknowledgement, with the server's refusal in it where there is one. */
  request<T>(name: string, payload: unknown): Promise<T & { error?: Refusal }> {
    if (!this.isUp) return Promise.reject(new Error("not connected"));
    return this.#socket.timeout(ANSWER_MILLISECONDS).emitWithAck(name, payload);
  }

  /** The same, with a refusal as an error. */
  async ask<T>(name: string, payload: unknown): Promise<T> {
    const answer = await this.request<T>(name, payload);
    if (answer.error) throw new Error(answer.error.code);
    return answer;
  }
}
