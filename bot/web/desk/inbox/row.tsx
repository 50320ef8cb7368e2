// One conversation in the list.

import { Icon } from "../icons";
import { belongs } from "./store";
import type { Row, Sla } from "../protocol";
import { address, route } from "../route";
import { me } from "../session";
import { languageName, named, T } from "../texts";
import { ago, moment, now, since, span, spoken } from "../time";

/** Topics that the reason for a person has told already. */
const SAID_BY_REASON = ["human", "emergency"];

export function nameOf(row: Row): string {
  return row.customer.name || row.customer.email || T.visitor(row.id.slice(-4));
}

export function InboxRow({ row, open }: { row: Row; open: boolean }) {
  const waits = row.owner === "queued" && row.waiting_since;
  const others = row.viewers.filter((one) => one.id !== me.value?.id);
  const urgent = row.emergency && row.owner !== "bot";
  const sleeps = Date.parse(row.snoozed_until ?? "") > now.value;
  return (
    <li class={`row${open ? " is-open" : ""}${urgent ? " is-urgent" : ""}${
      row.unanswered ? " is-unanswered" : ""}`}>
      <a href={address(route.value.page, row.id)} aria-current={open ? "true" : undefined}
        data-row={row.id}>
        <span class="row-top">
          {urgent && <span class="row-alarm"><Icon name="alert" />{named("emergency")}</span>}
          <strong class="row-name" dir="auto">{nameOf(row)}</strong>
          {waits ? <time class="row-wait" title={T.waitingFor(spoken(since(row.waiting_since)))}>
            <Icon name="clock" />{span(since(row.waiting_since))}</time>
            : row.last && <time class="soft">{ago(row.last.sent_at)}</time>}
        </span>
        <span class="row-last">
          {row.last && <span dir="auto">
            {row.last.author !== "customer" && <em>{named(row.last.author)}: </em>}{row.last.text || T.sentFile}</span>}
          {row.unanswered > 0 && <b class="bubble-count" aria-label={T.unanswered(row.unanswered)}>
            {row.unanswered}</b>}
        </span>
        <span class="row-chips">
          {row.language && <Language code={row.language} />}
          {row.reason && !urgent && <span class="chip">{named(row.reason)}</span>}
          {row.topic && !SAID_BY_REASON.includes(row.topic) && <span class="chip">{named(row.topic)}</span>}
          {row.channel !== "chat" && <span class="chip">{named(row.channel)}</span>}
          {row.sla && (row.sla.state !== "ok" || since(row.sla.due_at) > 0) && <SlaChip sla={row.sla} />}
          {row.fits && row.owner === "queued" && <span class="chip chip-good" title={T.fits}>
            <Icon name="check" /><span class="hidden-words">{T.fits}</span></span>}
          {row.ticket && <span class="chip chip-mono">{row.ticket.number}</span>}
          {row.tags.map((tag) => <span key={tag} class="chip chip-tag" dir="auto">{tag}</span>)}
          {!belongs(row) && <span class="chip chip-warn">{T.moved}</span>}
          {sleeps && <span class="chip">{T.snoozedUntil(moment(row.snoozed_until))}</span>}
        </span>
        {(others.length > 0 || (row.agent && row.agent.id !== me.value?.id)) && <span class="row-people">
          {row.agent && row.agent.id !== me.value?.id && <span>
            <Icon name="person" />{row.agent.name}</span>}
          {others.length > 0 && <span class={others.some((one) => one.typing) ? "is-typing" : ""}>
            {others.some((one) => one.typing)
              ? T.typedBy(others.filter((one) => one.typing).map(({ name }) => name).join(", "))
              : T.viewedBy(others.map(({ name }) => name).join(", "))}</span>}
        </span>}
      </a>
    </li>
  );
}

export function Language({ code }: { code: string }) {
  return <span class="chip chip-language" title={languageName(code)}>
    <span aria-hidden="true">{code.toUpperCase()}</span>
    <span class="hidden-words">{languageName(code)}</span></span>;
}

/** By when a reply is due: quiet while there is time. */
export function SlaChip({ sla }: { sla: Sla | null | undefined }) {
  if (!sla) return null;
  const left = -since(sla.due_at);
  const state = left < 0 ? "breached" : sla.state;
  return (
    <span class={`chip sla-${state}`}>
      {left < 0 ? T.overdue(span(-left)) : T.due(span(left))}
    </span>
  );
}
