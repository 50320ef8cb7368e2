// What goes over the wire (docs/chat-protocol.md).

export interface Contact {
  open_now: boolean;
  opens_at: string | null;
  closes_at: string | null;
  phone: string;
  email: string;
  presale_email: string;
  working_hours: string;
  timezone: string;
}

export interface Limits {
  characters: number;
  file_bytes: number;
  file_types: string[];
}

export interface Session extends Contact {
  thread: string;
  language?: string;
  limits?: Limits;
  cookie?: boolean;
  token?: string;
}

export interface Attachment {
  id: string;
  name: string;
  type: string;
  bytes: number;
  width?: number;
  height?: number;
}

export interface Button { title: string; payload: string }

export interface Custom {
  type?: string;
  outcome?: string;
  reasons?: string[];
  clauses?: string[];
  order_number?: string | null;
  item?: string | null;
  invoice_date?: string | null;
  guarantee_ends?: string | null;
  policy_version?: string | null;
  ticket_number?: string | null;
  urgent?: boolean;
  state?: string;
  due_at?: string;
  reason?: string;
  route?: string;
  phone?: string | null;
}

export interface Message {
  seq: number;
  author: "customer" | "assistant" | "agent";
  name?: string | null;
  text: string;
  buttons?: Button[];
  custom?: Custom | null;
  attachments?: Attachment[];
  sent_at: string;
  client_msg_id?: string;
}

export interface Owner {
  owner: "bot" | "queued" | "agent";
  agent?: string | null;
  position?: number | null;
  expected_minutes?: number | null;
}

export interface Confirm extends Owner {
  thread: string;
  typing: boolean;
  last_seq: number;
  language?: string;
}

export interface Resumed extends Owner {
  messages: Message[];
  typing: boolean;
  more: boolean;
  thread: string;
}

export interface Refusal { code: string; text?: string; retry_after?: number }

export type Accepted = { seq: number; error?: undefined } | { error: Refusal; seq?: undefined };
