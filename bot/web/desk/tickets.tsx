// Tickets: the list with its filters, and one of them.

import { useEffect, useState } from "preact/hooks";
import { Linked } from "../shared/links";
import * as api from "./api";
import { openForm } from "./dialogs";
import { Icon } from "./icons";
import { Language, SlaChip } from "./inbox/row";
import { change, STATES } from "./panel/ticket";
import { Facts } from "./panel/panel";
import type { Ticket, TicketStep } from "./protocol";
import { address, go, route } from "./route";
import { may } from "./session";
import { languageName, named, T } from "./texts";
import { ago, moment } from "./time";

interface Found { rows: Ticket[]; next: string | null }

export function TicketsPage() {
  return route.value.id ? <OneTicket number={route.value.id} key={route.value.id} /> : <TicketList />;
}

function TicketList() {
  const [state, filterState] = useState("open");
  const [queue, filterQueue] = useState("");
  const [mine, onlyMine] = useState(false);
  const [found, set] = useState<Found | null>(null);
  const [problem, setProblem] = useState("");
  const query = (after = ""): string => `/tickets?${new URLSearchParams(Object.entries({
    state, queue, assignee: mine ? "me" : "", after,
  }).filter(([, value]) => value)).toString()}`;
  useEffect(() => {
    set(null);
    setProblem("");
    api.get<Found>(query()).then(set, (error: Error) => setProblem(error.message));
  }, [state, queue, mine]);
  return (
    <>
      <header class="page-head"><h1>{T.tickets}</h1>
        <div class="filters">
          <label>{T.state}<select value={state} onChange={(e) => filterState(e.currentTarget.value)}>
            <option value="">{T.any}</option>
            {STATES.map((one) => <option key={one} value={one}>{named(one)}</option>)}</select></label>
          <label>{T.queue}<select value={queue} onChange={(e) => filterQueue(e.currentTarget.value)}>
            <option value="">{T.any}</option><option value="support">{named("support")}</option>
            <option value="presale">{named("presale")}</option></select></label>
          <label class="check"><input type="checkbox" checked={mine}
            onChange={(e) => onlyMine(e.currentTarget.checked)} />{T.onlyMine}</label>
        </div>
      </header>
      {problem && <p class="problem" role="alert">{problem}</p>}
      {found && !found.rows.length && <div class="empty"><Icon name="check" /><p>{T.noTickets}</p></div>}
      {!!found?.rows.length && <div class="table-frame" tabIndex={0} role="region" aria-label={T.tickets}>
        <table class="table">
          <thead><tr><th scope="col">{T.number}</th><th scope="col">{T.subject}</th>
            <th scope="col">{T.state}</th><th scope="col">{T.priority}</th>
            <th scope="col">{T.assignee}</th><th scope="col">{T.replyDue}</th>
            <th scope="col">{T.created}</th></tr></thead>
          <tbody>{found.rows.map((one) => <tr key={one.number}>
            <th scope="row"><a class="mono" href={address("tickets", one.number)}>{one.number}</a></th>
            <td class="wide-cell" dir="auto">{one.subject}</td>
            <td><span class={`chip ticket-${one.state}`}>{named(one.state)}</span></td>
            <td><span class={`chip priority-${one.priority}`}>{named(one.priority)}</span></td>
            <td>{one.assignee?.name ?? <span class="soft">{T.nobody}</span>}</td>
            <td>{one.sla ? <SlaChip sla={one.sla} /> : <span class="soft">{moment(one.due_at)}</span>}</td>
            <td class="soft">{ago(one.created_at)}</td></tr>)}</tbody>
        </table>
      </div>}
      {found?.next && <button type="button" class="plain more" onClick={() => {
        void api.get<Found>(query(found.next!)).then((more) =>
          set({ rows: [...found.rows, ...more.rows], next: more.next }));
      }}>{T.more}</button>}
    </>
  );
}

function OneTicket({ number }: { number: string }) {
  const [ticket, set] = useState<Ticket | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    api.get<Ticket>(`/tickets/${encodeURIComponent(number)}`)
      .then(set, (error: Error) => setProblem(error.message));
  }, []);
  if (!ticket) return <p class={problem ? "problem" : "soft"} role="status">{problem || T.loading}</p>;
  const merge = (): void => openForm({
    title: `${T.merge} ${number}`, submit: T.merge, intro: T.mergeTicketHint,
    fields: [{ name: "into", label: T.mergeTicketInto, kind: "text", required: true }],
    act: async ({ into }) => {
      const kept = await api.post<Ticket>(`/tickets/${encodeURIComponent(number)}/merge`, { into });
      go("tickets", kept.number);
    },
  });
  return (
    <>
      <header class="page-head">
        <a class="tool" href={address("tickets")} aria-label={T.back}><Icon name="back" /></a>
        <h1><span class="mono">{ticket.number}</span></h1>
        <span class={`chip ticket-${ticket.state}`}>{named(ticket.state)}</span>
        <span class={`chip priority-${ticket.priority}`}>{named(ticket.priority)}</span>
        <SlaChip sla={ticket.sla} />
        <div class="page-do">
          {!ticket.merged_into && may("lead") && <button type="button" class="quiet" onClick={merge}>
            <Icon name="merge" />{T.merge}</button>}
          {!ticket.merged_into && <button type="button" class="quiet"
            onClick={() => change(ticket, set)}>{T.editPerson}</button>}
          {ticket.conversation_id && <a class="solid" href={address("all", ticket.conversation_id)}>
            {T.openConversation}</a>}
        </div>
      </header>
      <h2 class="ticket-subject" dir="auto">{ticket.subject}</h2>
      {ticket.merged_into && <p class="told-note">{T.mergedInto} <a class="mono"
        href={address("tickets", ticket.merged_into)}>{ticket.merged_into}</a></p>}
      <div class="ticket-parts">
        <ul class="ticket-entries">{ticket.entries.map((one, at) => <li key={at} class={`by-${one.author}`}>
          <p class="said-who"><strong>{named(one.author)}</strong><time>{moment(one.at)}</time></p>
          <p class="said-text" dir="auto"><Linked text={one.body} /></p></li>)}</ul>
        <div><div class="card-box"><Facts rows={[
          [T.customer, ticket.customer_email], ["Language", ticket.language
            && <><Language code={ticket.language} /> {languageName(ticket.language)}</>],
          ["Kind", named(ticket.kind)], [T.queue, named(ticket.queue)],
          [T.assignee, ticket.assignee?.name ?? T.nobody], [T.claims, ticket.claim_number],
          [T.created, moment(ticket.created_at)], [T.replyDue, moment(ticket.due_at)],
        ]} /></div>
          <History steps={ticket.history ?? []} /></div>
      </div>
    </>
  );
}

function History({ steps }: { steps: TicketStep[] }) {
  return (
    <section class="section ticket-history" aria-label={T.history}>
      <h3>{T.history}</h3>
      <ol class="log-list">{steps.map((one, at) => <li key={at}>
        <p>{stepWords(one)}</p>
        <p class="soft">{T.stepBy(named(one.by), moment(one.at))}{one.reason && `: ${one.reason}`}</p>
      </li>)}</ol>
    </section>
  );
}

function stepWords({ what, before, after }: TicketStep): string {
  if (what === "merged") return T.mergedWith(after);
  if (what === "rated") return T.ratedWith(Number(after));
  if (before === null && what === "state") return T.opened;
  const words = (value: string | null): string =>
    what === "assignee" ? value && value !== "nobody" ? value : T.nobody : named(value);
  return T.changedFromTo(T[what], words(before), words(after));
}
