// Addresses of the shop's own systems that are told what happens.

import { useState } from "preact/hooks";
import * as api from "../api";
import { openForm } from "../dialogs";
import { Icon } from "../icons";
import { T } from "../texts";
import { moment } from "../time";
import { Secret, showSecret } from "./secret";
import { useList } from "./use_list";

interface Webhook { id: string; url: string; events: string[]; active: boolean }
type Delivery = Record<string, unknown>;

const EVENTS = ["conversation.waiting", "conversation.claimed", "ticket.opened", "claim.decided", "emergency"];

export function Webhooks() {
  const { rows, problem, loaded, reload } = useList<Webhook>("/webhooks");
  return (
    <>
      <header class="page-head"><h1>{T.webhooks}</h1><div class="page-do">
        <button type="button" class="solid" onClick={() => edit(null, reload)}>
          <Icon name="plus" />{T.addWebhook}</button></div></header>
      <Secret />
      {problem && <p class="problem" role="alert">{problem}</p>}
      {loaded && !rows.length && <div class="empty"><Icon name="hook" /><p>{T.noWebhooks}</p></div>}
      {rows.map((one) => <article class="card-box webhook" key={one.id}>
        <p class="card-top"><strong class="mono" dir="ltr">{one.url}</strong>
          <span class={`chip ${one.active ? "chip-good" : ""}`}>{one.active ? T.active : T.inactive}</span></p>
        <p class="chips">{one.events.map((name) => <span class="chip chip-mono" key={name}>{name}</span>)}</p>
        <div class="claim-do">
          <button type="button" class="quiet" onClick={() => edit(one, reload)}
            aria-label={`${T.editPerson} ${one.url}`}>{T.editPerson}</button>
          <button type="button" class="quiet quiet-bad" aria-label={`${T.removeIt} ${one.url}`}
            onClick={() => openForm({
              title: T.removeAsk(one.url), submit: T.removeIt, tone: "bad", fields: [],
              act: async () => { await api.remove(`/webhooks/${one.id}`); reload(); },
            })}>{T.removeIt}</button>
        </div>
        <Deliveries id={one.id} />
      </article>)}
    </>
  );
}

function edit(one: Webhook | null, then: () => void): void {
  openForm({
    title: one ? one.url : T.addWebhook, submit: T.save,
    fields: [
      { name: "url", label: T.url, kind: "url", required: true, value: one?.url },
      ...EVENTS.map((name) => ({ name, label: name, kind: "checkbox" as const,
        value: !one || one.events.includes(name) ? "1" : "" })),
      ...(one ? [{ name: "active", label: T.active, kind: "checkbox" as const,
        value: one.active ? "1" : "" }] : []),
    ],
    act: async (values) => {
      const body = { url: values.url, events: EVENTS.filter((name) => values[name] === "1"),
        active: !one || values.active === "1" };
      if (one) await api.patch(`/webhooks/${one.id}`, body);
      else {
        const made = await api.post<{ secret: string }>("/webhooks", body);
        showSecret(`${T.secret}: ${values.url}`, made.secret, T.secretHint);
      }
      then();
    },
  });
}

function Deliveries({ id }: { id: string }) {
  const [found, set] = useState<Delivery[] | null>(null);
  return (
    <details onToggle={(event) => {
      if (event.currentTarget.open) {
        api.get<Delivery[] | { rows: Delivery[] }>(`/webhooks/${id}/deliveries`)
          .then((answer) => set(Array.isArray(answer) ? answer : answer.rows), () => set([]));
      }
    }}>
      <summary>{T.deliveries}</summary>
      {found && !found.length && <p class="soft">{T.noData}</p>}
      {!!found?.length && <ul class="log-list">{found.map((one, at) => <li key={at}>
        {Object.entries(one).filter(([, value]) => value !== null && value !== "").map(([name, value]) => (
          <span key={name}><span class="soft">{name}</span> {/_at$|^at$/.test(name)
            ? moment(String(value)) : typeof value === "object" ? JSON.stringify(value) : String(value)} </span>))}
      </li>)}</ul>}
    </details>
  );
}
