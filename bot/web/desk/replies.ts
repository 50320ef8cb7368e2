// Replies on their way: kept until the server has them, sent with the same id each time.

import { signal } from "@preact/signals";
import * as api from "./api";
import * as conversation from "./conversation/store";
import * as memory from "./memory";
import type { Attachment } from "./protocol";
import { me } from "./session";
import { T } from "./texts";
import { toast } from "./toasts";

export interface Reply extends memory.Unsent { state: "waiting" | "sending" | "failed"; note: string }

const AGAIN_MILLISECONDS = 4_000;

export const replies = signal<Reply[]>(
  memory.unsent.load().map((one) => ({ ...one, state: "waiting", note: "" })));
let busy = false;
let timer: ReturnType<typeof setTimeout> | undefined;

export function send(id: string, text: string, attachments: Attachment[]): void {
  const one: Reply = {
    id: newId(), conversation: id, text, attachments, at: new Date().toISOString(),
    state: "waiting", note: "",
  };
  memory.unsent.save(one);
  replies.value = [...replies.value, one];
  void flush();
}

export function drop(id: string): void {
  memory.unsent.drop(id);
  replies.value = replies.value.filter((one) => one.id !== id);
}

export function retry(id: string): void {
  change(id, { state: "waiting", note: "" });
  void flush();
}

/** One after the other, so that none overtakes another. */
export async function flush(): Promise<void> {
  if (busy) return;
  busy = true;
  clearTimeout(timer);
  try {
    let next;
    while ((next = replies.value.find((one) => one.state === "waiting"))) {
      if (!await deliver(next)) {
        timer = setTimeout(() => void flush(), AGAIN_MILLISECONDS);
        return;
      }
    }
  } finally {
    busy = false;
  }
}

/** False: nothing came back, so it is tried again. */
async function deliver(one: Reply): Promise<boolean> {
  change(one.id, { state: "sending", note: "" });
  try {
    const { seq } = await api.post<{ seq: number }>(api.of(one.conversation, "/reply"), {
      client_msg_id: one.id, text: one.text, attachments: one.attachments.map(({ id }) => id),
    });
    conversation.said(one.conversation, {
      seq, author: "agent", name: me.peek()?.name, text: one.text, attachments: one.attachments,
      sent_at: one.at,
    });
    drop(one.id);
    if (conversation.open.peek()?.row.owner !== "agent") void conversation.refresh();
    return true;
  } catch (error) {
    const refused = error as api.Refused;
    if (refused.isUnknown || refused.status === 429 || refused.status === 401) {
      change(one.id, { state: "waiting", note: T.waitingToSend });
      return false;
    }
    const note = refused.code === "taken" ? T.faster(refused.by ?? T.assistant) : refused.message;
    change(one.id, { state: "failed", note });
    toast(note, "bad");
    void conversation.refresh();
    return true;
  }
}

function change(id: string, what: Partial<Reply>): void {
  replies.value = replies.value.map((one) => (one.id === id ? { ...one, ...what } : one));
}

function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)),
    (byte) => byte.toString(16).padStart(2, "0")).join("");
}
