// The chat's own page in an iframe from our origin, and the only messages that pass between them.

import type { Options } from "./options";

/** From the chat to the shop's page. */
export type FromChat =
  | { type: "ready" }
  | { type: "close" }
  /** Where the browser lets the chat store nothing at all. */
  | { type: "keep"; token: string | null }
  | { type: "unread"; count: number; alarm: boolean };

/** From the shop's page to the chat. */
export type ToChat =
  | { type: "options"; options: Options; language: string; token?: string }
  | { type: "open"; focus: boolean; text?: string }
  | { type: "closed" };

export class Frame {
  readonly element = document.createElement("iframe");
  private waiting: ToChat[] = [];
  private ready = false;

  constructor(private readonly origin: string, title: string,
    private readonly heard: (message: FromChat) => void) {
    this.element.title = title;
    this.element.allow = "clipboard-write";
    this.element.src = `${origin}/widget/#host=${encodeURIComponent(location.origin)}`;
    addEventListener("message", (event) => this.receive(event));
  }

  /** Kept until the chat is there to listen. */
  tell(message: ToChat): void {
    if (this.ready) this.element.contentWindow?.postMessage({ aftersale: message }, this.origin);
    else this.waiting.push(message);
  }

  private receive(event: MessageEvent): void {
    if (event.origin !== this.origin || event.source !== this.element.contentWindow) return;
    const message = event.data?.aftersale as FromChat | undefined;
    if (!message) return;
    if (message.type === "ready") this.ready = true;
    this.heard(message);
    if (this.ready) for (const one of this.waiting.splice(0)) this.tell(one);
  }
}
