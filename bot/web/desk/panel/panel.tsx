// What the shop knows beside the conversation itself.

import type { ComponentChildren } from "preact";
import { Icon } from "../icons";
import { nameOf } from "../inbox/row";
import { panel } from "../memory";
import type { Conversation } from "../protocol";
import { address } from "../route";
import { languageName, named, T } from "../texts";
import { ago } from "../time";
import { ClaimCard } from "./claim";
import { OrderCard } from "./order";
import { TicketCard } from "./ticket";

export function ConversationPanel({ conversation }: { conversation: Conversation }) {
  const { row, order, claims, tickets, earlier } = conversation;
  return (
    <aside class="panel" aria-label={T.panel}>
      <header class="panel-head"><h2>{T.panel}</h2>
        <button type="button" class="tool" aria-label={T.close}
          onClick={() => panel.turn(false)}><Icon name="close" /></button></header>
      <Section title={T.customer}>
        <Facts rows={[
          [T.name, nameOf(row)], [T.email, row.customer.email],
          ["Language", languageName(row.language)], ["Channel", named(row.channel)],
          [T.reason, named(row.reason)],
        ]} />
      </Section>
      {claims.length > 0 && <Section title={T.claims} count={claims.length}>
        {claims.map((claim) => <ClaimCard key={claim.number} claim={claim} conversation={conversation} />)}
      </Section>}
      <Section title={T.order}>
        {order ? <OrderCard order={order} /> : <p class="soft">{T.noOrder}</p>}
      </Section>
      {tickets.length > 0 && <Section title={T.tickets} count={tickets.length}>
        {tickets.map((ticket) => <TicketCard key={ticket.number} ticket={ticket} />)}
      </Section>}
      {earlier.length > 0 && <Section title={T.earlier} count={earlier.length}>
        <ul class="earlier">
          {earlier.map((one) => <li key={one.id}><a href={address("all", one.id)}>
            <span><strong>{named(one.topic) || named(one.channel)}</strong>
              <span class="soft">{ago(one.last?.sent_at)}</span></span>
            <span class="soft clip" dir="auto">{one.last?.text}</span></a></li>)}
        </ul>
      </Section>}
      <Understood conversation={conversation} />
    </aside>
  );
}

function Understood({ conversation: { slots, understood } }: { conversation: Conversation }) {
  const filled = Object.entries(slots).filter(([, value]) => value !== null && value !== "");
  return (
    <details class="section">
      <summary><h3>{T.understood}</h3></summary>
      {understood && understood.labels.length > 0 && <ul class="labels">
        {understood.labels.slice(0, 5).map(({ label, confidence }) => <li key={label}>
          <span>{named(label)}</span>
          <meter min={0} max={1} value={confidence} aria-label={named(label)} />
          <span class="soft">{Math.round(confidence * 100)} %</span></li>)}
      </ul>}
      {filled.length ? <Facts rows={filled.map(([name, value]) => [named(name),
        typeof value === "object" ? JSON.stringify(value) : String(value)])} />
        : <p class="soft">{T.notFilled}</p>}
    </details>
  );
}

export function Section({ title, count, children }:
{ title: string; count?: number; children: ComponentChildren }) {
  return (
    <section class="section">
      <h3>{title}{count !== undefined && count > 1 && <span class="soft"> {count}</span>}</h3>
      {children}
    </section>
  );
}

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  const known = rows.filter(([, value]) => value);
  return known.length ? <dl class="facts-list">{known.map(([name, value]) => (
    <div key={name}><dt>{name}</dt><dd dir="auto">{value}</dd></div>))}</dl> : null;
}
