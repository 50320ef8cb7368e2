// The chat's three requests.

/** An answer other than a good one; `sentence` is for the customer. `status` 0: no connection. */
export class ChatError extends Error {
  constructor(status, sentence = "", retryAfter = 0) {
    super(sentence || `status ${status}`);
    this.status = status;
    this.sentence = sentence;
    this.retryAfter = retryAfter;
  }
}

/** Begins or keeps the visitor's conversation; `fresh` begins a new one. */
export function session(fresh = false) {
  return call("/chat/session", { method: "POST", body: { fresh } });
}

/** Hands a message over. Sending the same id again is harmless. */
export function send(id, text) {
  return call("/chat/messages", { method: "POST", body: { client_msg_id: id, text } });
}

/** What was said after `after`; waits up to `wait` seconds for something new. */
export function poll({ after, wait, typing, thread, signal }) {
  const query = new URLSearchParams({ after, wait, typing: typing ? 1 : 0, thread });
  // A laptop that slept leaves a dead connection behind that never fails by itself.
  return call(`/chat/messages?${query}`, { signal, seconds: wait + 10 });
}

async function call(path, { method = "GET", body, signal, seconds = 15 }) {
  const control = new AbortController();
  const stop = () => control.abort();
  const timer = setTimeout(stop, seconds * 1000);
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  try {
    const response = await fetch(path, {
      method, credentials: "same-origin", cache: "no-store", signal: control.signal,
      ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
    const data = await response.json().catch(() => null);
    if (!response.ok || data === null) {
      throw new ChatError(response.ok ? 502 : response.status, data?.error,
        Number(response.headers.get("Retry-After")) || 0);
    }
    return data;
  } catch (error) {
    throw error instanceof ChatError ? error : new ChatError(0);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}
