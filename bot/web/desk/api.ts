// The requests to the desk's server, and what they are refused with.

import type { Attachment, Me, SignInStep } from "./protocol";

const PATIENCE_MILLISECONDS = 20_000;

export class Refused extends Error {
  constructor(readonly status: number, readonly code: string, text: string,
    readonly by: string | null = null, readonly retryAfter = 0) { super(text); }

  /** Nothing came back: it may or may not have been done. */
  get isUnknown(): boolean { return this.status === 0 || this.status >= 502; }
}

let csrf = "";
let onSignedOut: () => void = () => {};

export function whenSignedOut(then: () => void): void { onSignedOut = then; }

/** A request below `/desk/api`. Answers its JSON, or undefined where there is none. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), PATIENCE_MILLISECONDS);
  try {
    const response = await fetch(`/desk/api${path}`, {
      method, credentials: "same-origin", cache: "no-store", signal: control.signal,
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(method === "GET" ? {} : { "X-CSRF-Token": csrf }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.status === 204) return undefined as T;
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer as T;
    throw refused(response.status, answer);
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(0, "offline", "The server does not answer.");
  } finally {
    clearTimeout(timer);
  }
}

function refused(status: number, answer: { error?: Record<string, unknown> }): Refused {
  const error = typeof answer.error === "object" && answer.error ? answer.error : {};
  const code = String(error.code ?? status);
  if (code === "signed_out") onSignedOut();
  const by = error.by as { name?: string } | string | null | undefined;
  return new Refused(status, code, String(error.text ?? `The server refused this (${code}).`),
    typeof by === "object" ? by?.name ?? null : by ?? null, Number(error.retry_after ?? 0));
}

export const get = <T>(path: string): Promise<T> => call<T>("GET", path);
export const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>("POST", path, body);
export const put = <T>(path: string, body: unknown): Promise<T> => call<T>("PUT", path, body);
export const patch = <T>(path: string, body: unknown): Promise<T> => call<T>("PATCH", path, body);
export const remove = <T>(path: string, body?: unknown): Promise<T> => call<T>("DELETE", path, body);

/** The path of a conversation: its id may hold anything. */
export function of(id: string, more = ""): string {
  return `/conversations/${encodeURIComponent(id)}${more}`;
}

export async function signIn(path: string, body: unknown): Promise<SignInStep> {
  const step = await post<SignInStep>(path, body);
  csrf = step.csrf ?? csrf;
  return step;
}

export async function me(): Promise<Me> { return keep(await get<Me>("/me")); }
export async function change(what: unknown): Promise<Me> { return keep(await patch<Me>("/me", what)); }

function keep(found: Me): Me {
  csrf = found.csrf || csrf;
  return found;
}

/** Uploads a file into a conversation. */
export async function upload(id: string, file: File): Promise<Attachment> {
  const form = new FormData();
  form.append("file", file, file.name);
  let response: Response;
  try {
    response = await fetch(`/desk/api${of(id, "/attachments")}`, {
      method: "POST", credentials: "same-origin", headers: { "X-CSRF-Token": csrf }, body: form,
    });
  } catch {
    throw new Refused(0, "offline", "The server does not answer.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw refused(response.status, answer);
  return answer as Attachment;
}

export function fileAddress(id: string, preview = false): string {
  return `/desk/api/attachments/${encodeURIComponent(id)}${preview ? "?size=preview" : ""}`;
}
