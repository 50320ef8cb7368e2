// What goes over the wire between the desk and its server (docs/desk-protocol.md).

import type { Attachment, Message as Said } from "../shared/protocol";

export type { Attachment };
export type Owner = "bot" | "queued" | "agent";
export type View = "waiting" | "mine" | "emergencies" | "all" | "snoozed";
export type Status = "online" | "away" | "offline";
export type Role = "agent" | "lead" | "admin";
export type Slots = Record<string, unknown>;

export interface Person { id: string; name: string }

export interface Me extends Person {
  email: string;
  role: Role;
  languages: string[];
  skills: string[];
  capacity: number;
  status: Status;
  totp: boolean;
  csrf: string;
  may: string[];
}

export interface Mate extends Person {
  role: Role;
  status: Status;
  languages: string[];
  skills: string[];
  open: number;
  capacity: number;
}

export interface Sla { due_at: string; state: "ok" | "warning" | "breached" }

export interface Row {
  id: string;
  channel: string;
  customer: { name: string | null; email: string | null };
  language: string | null;
  owner: Owner;
  epoch: number;
  agent: Person | null;
  reason: string | null;
  emergency: boolean;
  waiting_since: string | null;
  snoozed_until: string | null;
  topic: string | null;
  tags: string[];
  last: { author: string; text: string; sent_at: string } | null;
  unanswered: number;
  read_seq?: number;
  ticket: { number: string; state: string; priority: string; due_at: string | null } | null;
  sla: Sla | null;
  fits: boolean;
  viewers: (Person & { typing: boolean })[];
}

export type Counts = Record<View, number>;
export interface Inbox { rows: Row[]; counts: Counts; next: string | null }

export interface Message extends Omit<Said, "author" | "client_msg_id"> {
  author: Said["author"] | "withdrawn";
}

export interface Note { id: string; author: Person; body: string; mentions: string[]; at: string }

export interface Happening {
  at: string;
  owner: Owner;
  agent: Person | string | null;
  actor: string;
  reason: string;
}

export interface Item {
  line_id: string;
  sku: string;
  product_name: string;
  serial_number: string | null;
  quantity: number;
  unit_price: string | number;
  currency: string;
  is_gift: boolean;
  guarantee_ends: string | null;
  in_guarantee: boolean | null;
}

export interface Order {
  order_number: string;
  invoice_number: string | null;
  invoice_date: string | null;
  status: string;
  customer_name: string | null;
  email: string | null;
  phone: string | null;
  postal_code: string | null;
  country: string | null;
  items: Item[];
}

export interface Fact { name: string; state: string; source: string; said_in: number | null }
export interface Rule {
  rule: string;
  clause: string;
  text: string;
  result: "yes" | "no" | "unknown";
  facts: Fact[];
}

export interface Decision {
  id: string;
  at: string;
  decided_by: string;
  outcome: string;
  reasons: string[];
  reason: string | null;
  supersedes: string | null;
  policy_version: string;
  rules: Rule[];
}

export interface Claim {
  number: string;
  state: string;
  next_states: string[];
  symptom: string;
  incident: string;
  remedy: string | null;
  remedy_note: string;
  item: string | null;
  order_number: string | null;
  ticket_number: string | null;
  can_decide: boolean;
  decisions: Decision[];
  log: { from: string | null; to: string; by: string; reason: string; at: string }[];
  evidence: Attachment[];
}

export type TicketState = "open" | "waiting" | "solved" | "closed";

export interface TicketStep {
  what: "state" | "priority" | "queue" | "assignee" | "merged" | "rated";
  before: string | null;
  after: string;
  by: string;
  reason: string;
  at: string;
}

export interface Ticket {
  number: string;
  kind: string;
  queue: string;
  state: TicketState;
  next_states: TicketState[];
  priority: "low" | "normal" | "high" | "urgent";
  subject: string;
  customer_email: string | null;
  language: string | null;
  assignee: Person | null;
  conversation_id: string | null;
  claim_number: string | null;
  created_at: string;
  due_at: string | null;
  replied_at: string | null;
  sla: Sla | null;
  entries: { author: string; body: string; at: string }[];
  /** Of a single ticket alone. */
  merged_into?: string | null;
  history?: TicketStep[];
}

export interface Conversation {
  row: Row;
  messages: Message[];
  notes: Note[];
  happenings: Happening[];
  slots: Slots;
  understood: {
    language: string | null;
    topic: string | null;
    labels: { label: string; confidence: number }[];
  } | null;
  order: Order | null;
  claims: Claim[];
  tickets: Ticket[];
  files: Attachment[];
  earlier: Row[];
}

export interface Canned {
  id: string;
  shortcut: string;
  title: string;
  text: string;
  language: string;
  languages: string[];
  source: "shop" | "assistant";
}

export interface Found {
  conversations: { row: Row; snippet: string }[];
  orders: Order[];
  tickets: Ticket[];
  claims: { number: string; state: string; symptom: string; conversation_id: string | null }[];
}

export interface Alert {
  kind: "emergency" | "waiting" | "mention" | "transfer" | "sla";
  conversation_id: string;
  text: string;
}

export interface SignInStep { step: "done" | "code" | "new_password"; csrf?: string }
