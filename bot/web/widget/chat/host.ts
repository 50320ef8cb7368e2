// The shop's page around us. Only its own window, under the origin that it named, is listened to.

import type { FromChat, ToChat } from "../loader/frame";

/** Where the browser tells who embeds us, a page that names somebody else gets nothing. */
function hostOrigin(): string | null {
  if (window.parent === window) return null;
  const named = new URLSearchParams(location.hash.slice(1)).get("host");
  const real = location.ancestorOrigins?.[0];
  return named && (!real || real === named) ? named : null;
}

export class Host {
  readonly #origin = hostOrigin();

  constructor(heard: (message: ToChat) => void) {
    if (!this.#origin) return;
    addEventListener("message", (event) => {
      if (event.origin !== this.#origin || event.source !== window.parent) return;
      if (event.data?.aftersale) heard(event.data.aftersale as ToChat);
    });
  }

  /** Whether there is a page around us; else we are the page. */
  get isThere(): boolean { return this.#origin !== null; }

  tell(message: FromChat): void {
    if (this.#origin) window.parent.postMessage({ aftersale: message }, this.#origin);
  }
}
