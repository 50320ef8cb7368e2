// The conversation that is open: loaded once, then kept up to date.

import { signal } from "@preact/signals";
import * as api from "../api";
import { announce } from "../announce";
import * as inbox from "../inbox/store";
import type { Claim, Conversation, Happening, Message, Note, Row, Ticket } from "../protocol";
import { route } from "../route";

export const open = signal<Conversation | null>(null);
export const trouble = signal<"" | "gone" | "offline">("");
/** Whether the customer types, and which agents do. */
export const customerTypes = signal(false);
export const viewers = signal<Row["viewers"]>([]);

let typingEnds = 0;
const TYPING_MILLISECONDS = 8_000;

export async function show(id: string | null): Promise<void> {
  if (open.peek()?.row.id !== id) {
    open.value = null;
    customerTypes.value = false;
    viewers.value = inbox.rowOf(id)?.viewers ?? [];
  }
  trouble.value = "";
  if (!id) return;
  try {
    const found = await api.get<Conversation>(api.of(id));
    if (route.peek().id !== id) return;
    // What came over the socket while this was on its way must not vanish again.
    const had = open.peek();
    open.value = had?.row.id === id ? { ...found, messages: merged(had.messages, found.messages) } : found;
    viewers.value = found.row.viewers ?? [];
    inbox.changed([found.row]);
  } catch (error) {
    if (route.peek().id !== id || open.peek()?.row.id === id) return;
    trouble.value = (error as api.Refused).status === 404 ? "gone" : "offline";
  }
}

/** Everything anew, in its place. */
export const refresh = (): Promise<void> => show(route.peek().id);

/** What was missed while the line was down. */
export async function resume(): Promise<void> {
  const had = open.peek();
  if (!had) return refresh();
  return show(had.row.id);
}

function merged(some: readonly Message[], more: readonly Message[]): Message[] {
  return [...new Map([...some, ...more].map((one) => [one.seq, one])).values()]
    .sort((a, b) => a.seq - b.seq);
}

function ofOpen(id: string, change: (had: Conversation) => Conversation): void {
  const had = open.peek();
  if (had?.row.id === id) open.value = change(had);
}

export function said(id: string, message: Message): void {
  ofOpen(id, (had) => ({ ...had, messages: merged(had.messages, [message]) }));
  if (message.author === "customer" && open.peek()?.row.id === id) {
    customerTypes.value = false;
    announce(`${open.peek()!.row.customer.name ?? "Customer"}: ${message.text}`);
  }
}

export function noted(id: string, note: Note): void {
  ofOpen(id, (had) => ({ ...had, notes: [...had.notes.filter((one) => one.id !== note.id), note] }));
}

export function happened(id: string, happening: Happening): void {
  ofOpen(id, (had) => ({
    ...had, happenings: [...had.happenings.filter((one) => one.at !== happening.at), happening],
  }));
}

export function rowChanged(row: Row): void {
  ofOpen(row.id, (had) => (row.epoch >= had.row.epoch ? { ...had, row } : had));
}

export function claimChanged(claim: Claim): void {
  const had = open.peek();
  if (had) {
    open.value = { ...had,
      claims: had.claims.map((one) => (one.number === claim.number ? claim : one)) };
  }
}

export function ticketChanged(ticket: Ticket): void {
  const had = open.peek();
  if (had) {
    open.value = { ...had,
      tickets: had.tickets.map((one) => (one.number === ticket.number ? ticket : one)) };
  }
}

export function typed(id: string, on: boolean): void {
  if (open.peek()?.row.id !== id) return;
  clearTimeout(typingEnds);
  customerTypes.value = on;
  // The word that it ended may get lost.
  if (on) typingEnds = setTimeout(() => { customerTypes.value = false; }, TYPING_MILLISECONDS) as never;
}
