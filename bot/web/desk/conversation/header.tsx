// Whose conversation it is, and what can be done with it.

import { useEffect, useRef, useState } from "preact/hooks";
import * as actions from "../actions";
import { Icon, type IconName } from "../icons";
import { Language, nameOf, SlaChip } from "../inbox/row";
import { panel } from "../memory";
import type { Row } from "../protocol";
import { address, route } from "../route";
import { me } from "../session";
import { named, T } from "../texts";
import { moment, now, since, span } from "../time";
import { viewers } from "./store";

export function Header({ row }: { row: Row }) {
  const mine = actions.isMine(row);
  const others = viewers.value.filter((one) => one.id !== me.value?.id);
  const sleeps = Date.parse(row.snoozed_until ?? "") > now.value;
  return (
    <header class={`conversation-head${row.emergency && row.owner !== "bot" ? " is-urgent" : ""}`}>
      <a class="tool back" href={address(route.value.page)} aria-label={T.back}><Icon name="back" /></a>
      <div class="conversation-who">
        <h2 dir="auto">{nameOf(row)}</h2>
        <p class="conversation-state">
          <span class={`owner owner-${mine ? "mine" : row.owner}`}><i aria-hidden="true" />{
            mine ? T.claimed : row.owner === "agent" ? T.hasIt(row.agent?.name ?? "?")
              : row.owner === "queued" ? `${T.inQueue} · ${span(since(row.waiting_since))}`
                : T.withAssistant}</span>
          {row.language && <Language code={row.language} />}
          {row.reason && <span class={`chip${row.emergency ? " chip-bad" : ""}`}>{named(row.reason)}</span>}
          <SlaChip sla={row.sla} />
          {sleeps && <span class="chip"><Icon name="clock" />{T.snoozedUntil(moment(row.snoozed_until))}</span>}
          {row.tags.map((tag) => <span key={tag} class="chip chip-tag" dir="auto">{tag}</span>)}
          {others.length > 0 && <span class="chip chip-people">{others.some(({ typing }) => typing)
            ? T.typedBy(others.filter(({ typing }) => typing).map(({ name }) => name).join(", "))
            : T.viewedBy(others.map(({ name }) => name).join(", "))}</span>}
        </p>
      </div>
      <div class="conversation-do">
        {!mine && row.owner !== "agent" && <button type="button" class="solid"
          onClick={() => void actions.claim(row)}>{T.claim}<kbd>C</kbd></button>}
        {(mine || row.owner === "queued") && <button type="button" class="quiet" title={T.handBackTip}
          onClick={() => void actions.handBack(row)}><Icon name="hand" /><span>{T.handBack}</span></button>}
        <button type="button" class="quiet wide-only" onClick={() => actions.end(row)}>
          <Icon name="check" /><span>{T.close}</span></button>
        <More row={row} mine={mine} sleeps={sleeps} />
        <button type="button" class="tool" aria-pressed={panel.isOpen} aria-label={T.panel}
          title={`${T.panel} ([)`} onClick={() => panel.turn()}>
          <Icon name="panel" /></button>
      </div>
    </header>
  );
}

function More({ row, mine, sleeps }: { row: Row; mine: boolean; sleeps: boolean }) {
  const [shown, show] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!shown) return undefined;
    box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const away = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) show(false);
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [shown]);
  const items: [string, IconName, () => unknown, boolean][] = [
    [T.transfer, "transfer", () => actions.transfer(row), mine],
    [T.requeue, "inbox", () => actions.requeue(row), mine],
    [T.wake, "clock", () => actions.wake(row), sleeps],
    [T.snooze, "clock", () => actions.snooze(row), !sleeps],
    [T.tags, "tag", () => actions.tag(row), true],
    [T.merge, "merge", () => actions.merge(row), actions.mayMerge()],
    [T.end, "check", () => actions.end(row), true],
  ];
  return (
    <div class="more-box" ref={box} onKeyDown={(event) => {
      const all = [...box.current!.querySelectorAll<HTMLElement>("[role=menuitem]")];
      const at = all.indexOf(document.activeElement as HTMLElement);
      if (event.key === "Escape" && shown) {
        event.preventDefault();
        show(false);
        opener.current?.focus();
      } else if (event.key === "ArrowDown") all[(at + 1) % all.length]?.focus();
      else if (event.key === "ArrowUp") all[(at - 1 + all.length) % all.length]?.focus();
      else return;
      event.preventDefault();
    }}>
      <button type="button" class="tool" ref={opener} aria-haspopup="menu" aria-expanded={shown}
        aria-label={T.moreActions} onClick={() => show(!shown)}><Icon name="dots" /></button>
      {shown && <div class="menu" role="menu" aria-label={T.moreActions}>
        {items.filter(([, , , fits]) => fits).map(([label, icon, act]) => (
          <button type="button" role="menuitem" key={label} onClick={() => {
            show(false);
            opener.current?.focus();
            void act();
          }}><Icon name={icon} />{label}</button>
        ))}
      </div>}
    </div>
  );
}
