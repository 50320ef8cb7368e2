// The requests over HTTP: the session, uploads, and files for browsers that block our cookie.

import type { Attachment, Refusal, Session } from "../../shared/protocol";
import * as memory from "./memory";

/** In memory until the browser has shown whether it keeps our cookie. */
let token: string | null = null;

/** For the socket; another tab may have begun a new conversation since. */
export function currentToken(): string | undefined {
  return memory.token.load() ?? token ?? undefined;
}

/** Whether files need the token, which an address in a page cannot carry. */
export function cookieless(): boolean { return memory.token.load() !== null; }

export class Refused extends Error {
  constructor(readonly status: number, readonly refusal: Refusal) { super(refusal.code); }
}

export interface SessionWish { fresh?: boolean; language?: string; identity?: string }

export async function session(wish: SessionWish): Promise<Session> {
  const found = await post(wish);
  if (found.cookie) forgetToken();
  else if (found.token) {
    token = found.token;
    void keepToken(found.token);
  }
  return found;
}

/** A first request never carries the cookie, so a second one shows whether the browser kept it. */
async function keepToken(mine: string): Promise<void> {
  if (memory.token.load() !== null) {
    memory.token.save(mine);
    return;
  }
  const again = await post({}, mine).catch(() => null);
  if (again?.cookie) forgetToken();
  else if (again) memory.token.save(mine);
}

/** The cookie is enough. A token kept beside it would outlive a conversation left in another tab. */
function forgetToken(): void {
  token = null;
  memory.token.save(null);
}

async function post(wish: SessionWish, mine = currentToken()): Promise<Session> {
  const response = await fetch("/chat/session", {
    method: "POST", credentials: "same-origin", cache: "no-store",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ fresh: false, ...wish, token: mine }),
    signal: timeout(15_000),
  });
  const answer = await response.json();
  if (!response.ok) throw new Refused(response.status, answer.error ?? { code: "unavailable" });
  return answer as Session;
}

/** Uploads a file. Not fetch: it does not tell how far it is. */
export function upload(file: File, progress: (share: number) => void):
{ done: Promise<Attachment>; abort: () => void } {
  const request = new XMLHttpRequest();
  const done = new Promise<Attachment>((resolve, reject) => {
    request.open("POST", "/chat/attachments");
    const bearer = currentToken();
    if (bearer) request.setRequestHeader("Authorization", `Bearer ${bearer}`);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    };
    request.onload = () => {
      let answer: Attachment & { error?: Refusal };
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        answer = { error: { code: "unavailable" } } as never;
      }
      if (request.status < 300 && answer.id) resolve(answer);
      else reject(new Refused(request.status, answer.error ?? { code: "unavailable" }));
    };
    request.onerror = () => reject(new Refused(0, { code: "unavailable" }));
    request.onabort = () => reject(new Refused(0, { code: "aborted" }));
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
  return { done, abort: () => request.abort() };
}

export function fileAddress(id: string, preview = false): string {
  return `/chat/attachments/${encodeURIComponent(id)}${preview ? "?size=preview" : ""}`;
}

/** A file as an address of this page alone. */
export async function fetchFile(id: string, preview = false): Promise<string> {
  const response = await fetch(fileAddress(id, preview), {
    headers: { Authorization: `Bearer ${currentToken() ?? ""}` },
  });
  if (!response.ok) throw new Refused(response.status, { code: "attachment" });
  return URL.createObjectURL(await response.blob());
}

function timeout(milliseconds: number): AbortSignal {
  const control = new AbortController();
  setTimeout(() => control.abort(), milliseconds);
  return control.signal;
}
