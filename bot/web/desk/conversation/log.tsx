// What was said, noted and done, in the order in which it happened.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { dayOf } from "../../shared/format";
import { Icon } from "../icons";
import type { Conversation, Happening, Message, Note } from "../protocol";
import { replies } from "../replies";
import { me } from "../session";
import { named, T } from "../texts";
import { clock, moment } from "../time";
import { NoteLine, Said, Sending } from "./message";
import { customerTypes, viewers } from "./store";

const NEAR = 100;
const GROUP_MILLISECONDS = 5 * 60_000;

type Entry = { at: string } & ({ message: Message } | { note: Note } | { happening: Happening });

function entries({ messages, notes, happenings }: Conversation): Entry[] {
  const others: Entry[] = [
    ...notes.map((note) => ({ at: note.at, note })),
    ...happenings.map((happening) => ({ at: happening.at, happening })),
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const all: Entry[] = [];
  // Messages stay in the order of their numbers, whatever a clock said.
  for (const message of messages) {
    while (others[0] && Date.parse(others[0].at) < Date.parse(message.sent_at)) all.push(others.shift()!);
    all.push({ at: message.sent_at, message });
  }
  return [...all, ...others];
}

export function Log({ conversation }: { conversation: Conversation }) {
  const scroller = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [jump, setJump] = useState(false);
  const mine = replies.value.filter((one) => one.conversation === conversation.row.id);
  const count = conversation.messages.length + conversation.notes.length + mine.length;
  const toEnd = (): void => {
    const box = scroller.current;
    if (box) box.scrollTop = box.scrollHeight;
    follows.current = true;
    setJump(false);
  };
  useLayoutEffect(() => {
    if (follows.current) toEnd();
    else setJump(true);
  }, [count]);
  useEffect(() => {
    const watcher = new ResizeObserver(() => { if (follows.current) toEnd(); });
    watcher.observe(scroller.current!);
    watcher.observe(scroller.current!.firstElementChild!);
    return () => watcher.disconnect();
  }, []);
  const typing = viewers.value.filter((one) => one.typing && one.id !== me.value?.id);
  return (
    <div class="log-frame">
      <div class="log-scroll" ref={scroller} tabIndex={0} role="region" aria-label={T.log}
        onScroll={() => {
          const box = scroller.current!;
          follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
          if (follows.current && jump) setJump(false);
        }}>
        <div class="log">
          {lines(conversation)}
          {mine.map((one) => <Sending key={one.id} reply={one} />)}
          {customerTypes.value && <p class="typing"><Dots />{T.customerTypes}</p>}
          {typing.map((one) => <p class="typing" key={one.id}><Dots />{T.agentTypes(one.name)}</p>)}
        </div>
      </div>
      {jump && <button type="button" class="jump" onClick={toEnd}>
        <Icon name="down" />{T.newBelow}</button>}
    </div>
  );
}

function lines(conversation: Conversation): ComponentChildren[] {
  const shown: ComponentChildren[] = [];
  let day = "";
  let before: Message | null = null;
  const seen = conversation.messages.filter((one) => one.author === "agent"
    && one.seq <= (conversation.row.read_seq ?? 0)).at(-1);
  entries(conversation).forEach((entry, at) => {
    const its = dayOf(entry.at);
    if (its !== day) {
      day = its;
      before = null;
      shown.push(<h3 class="day" key={`day-${at}`}><span>{its}</span></h3>);
    }
    if ("message" in entry) {
      const { message } = entry;
      const first: boolean = !before || before.author !== message.author
        || before.name !== message.name
        || Date.parse(message.sent_at) - Date.parse(before.sent_at) > GROUP_MILLISECONDS;
      shown.push(<Said key={`m${message.seq}`} message={message} first={first}
        seen={message === seen} row={conversation.row} />);
      before = message;
      return;
    }
    before = null;
    if ("note" in entry) shown.push(<NoteLine key={`n${entry.note.id}`} note={entry.note} />);
    else shown.push(<Happened key={`h${entry.at}${at}`} happening={entry.happening} />);
  });
  return shown;
}

function Happened({ happening }: { happening: Happening }) {
  const agent = typeof happening.agent === "string" ? happening.agent : happening.agent?.name;
  const { owner, reason } = happening;
  const why = reason && !["claimed", "taken", "replied", "handed_back", "requested"].includes(reason) ? T.because(named(reason)) : "";
  return (
    <p class={`happening happening-${owner}`}>
      <Icon name={owner === "agent" ? "person" : owner === "queued" ? "clock" : "hand"} />
      <span>{owner === "agent" ? T.took(agent ?? happening.actor)
        : owner === "queued" ? T.queuedNow : T.botNow}{why}</span>
      <time class="soft" title={moment(happening.at)}>{clock(happening.at)}</time>
    </p>
  );
}

function Dots() { return <span class="dots" aria-hidden="true"><i /><i /><i /></span>; }
