// A ticket in the panel, and the changes that an agent makes to one.

import * as api from "../api";
import { refresh, ticketChanged } from "../conversation/store";
import { openForm } from "../dialogs";
import { SlaChip } from "../inbox/row";
import type { Ticket } from "../protocol";
import { address } from "../route";
import { me, team } from "../session";
import { named, T } from "../texts";

export const STATES = ["open", "waiting", "solved", "closed"];
export const PRIORITIES = ["low", "normal", "high", "urgent"];

export function TicketCard({ ticket }: { ticket: Ticket }) {
  return (
    <div class="card-box">
      <p class="card-top"><a class="mono" href={address("tickets", ticket.number)}>{ticket.number}</a>
        <span class={`chip ticket-${ticket.state}`}>{named(ticket.state)}</span></p>
      <p dir="auto">{ticket.subject}</p>
      <p class="chips"><span class={`chip priority-${ticket.priority}`}>{named(ticket.priority)}</span>
        <SlaChip sla={ticket.sla} />
        <span class="chip">{ticket.assignee?.name ?? T.nobody}</span></p>
      {ticket.entries.filter(({ author }) => author === "system").map(({ at, body }) =>
        <p class="fine" dir="auto" key={at}>{body.split("\n")[0]}</p>)}
      <div class="claim-do"><button type="button" class="quiet"
        onClick={() => change(ticket, ticketChanged)}>{T.editPerson}</button></div>
    </div>
  );
}

export function change(ticket: Ticket, then: (changed: Ticket) => void): void {
  const people = [...team.value, ...(me.value && !team.value.some(({ id }) => id === me.value!.id)
    ? [me.value] : [])];
  const choice = (all: string[]): [string, string][] => all.map((one) => [one, named(one)]);
  openForm({
    title: `${T.editPerson} ${ticket.number}`, submit: T.save,
    fields: [
      { name: "state", label: T.state, kind: "select", required: true, value: ticket.state,
        options: choice([ticket.state, ...ticket.next_states]) },
      { name: "priority", label: T.priority, kind: "select", required: true, value: ticket.priority,
        options: choice(PRIORITIES) },
      { name: "queue", label: T.queue, kind: "select", required: true, value: ticket.queue,
        options: choice(["support", "presale"]) },
      { name: "assignee", label: T.assignee, kind: "select", value: ticket.assignee?.id ?? "",
        options: [["", T.nobody], ...people.map(({ id, name }) => [id, name] as const)] },
    ],
    act: async (values) => {
      const before: Record<string, string> = { state: ticket.state, priority: ticket.priority,
        queue: ticket.queue, assignee: ticket.assignee?.id ?? "" };
      const what = Object.fromEntries(Object.entries(values)
        .filter(([name, value]) => value !== before[name])
        .map(([name, value]) => [name, value || null]));
      if (!Object.keys(what).length) return;
      then(await api.patch<Ticket>(`/tickets/${encodeURIComponent(ticket.number)}`, what));
      void refresh();
    },
  });
}
