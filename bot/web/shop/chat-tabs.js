// A browser opens six connections to a site at most, for all its tabs together. So of all tabs in
// sight only one keeps a request waiting, and tells the others when there is something new.

const NAME = "chat";

/** `rung` is called when another tab heard something, or when it is this tab's turn to listen. */
export class Tabs {
  #rung;
  #channel = "BroadcastChannel" in window ? new BroadcastChannel(NAME) : null;
  #request = null;
  #release = null;

  constructor(rung) {
    this.#rung = rung;
    if (!this.#together) return;
    this.#channel.addEventListener("message", () => this.#rung());
    document.addEventListener("visibilitychange", () => this.#compete());
    this.#compete();
  }

  /** Whether this tab is the one that waits for news. */
  get listens() { return !document.hidden && (!this.#together || this.#release !== null); }

  /** Tells the other tabs to have a look. */
  ring() { this.#channel?.postMessage("news"); }

  // Browsers keep locks from pages that come over plain http; then each tab waits for itself.
  get #together() { return this.#channel !== null && Boolean(navigator.locks); }

  #compete() {
    if (document.hidden) {
      this.#request?.abort();
      this.#release?.();
      this.#request = this.#release = null;
    } else if (!this.#request) {
      this.#request = new AbortController();
      const { signal } = this.#request;
      navigator.locks.request(NAME, { signal }, () => new Promise((release) => {
        if (signal.aborted) {
          release();
          return;
        }
        this.#release = release;
        this.#rung();
      })).catch(() => {}); // given up because the tab went out of sight
    }
  }
}
