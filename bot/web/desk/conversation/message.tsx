// One message, one note, or one reply on its way.

import { Card } from "../../shared/cards";
import { Linked } from "../../shared/links";
import { Icon } from "../icons";
import { nameOf } from "../inbox/row";
import { Files } from "../lightbox";
import { drafts } from "../memory";
import { Face } from "../navigation";
import type { Message, Note, Row } from "../protocol";
import { drop, type Reply, retry } from "../replies";
import { me } from "../session";
import { T } from "../texts";
import { clock, moment } from "../time";
import { composer } from "./focus";

interface Props { message: Message; first: boolean; seen: boolean; row: Row }

export function Said({ message, first, seen, row }: Props) {
  const { author } = message;
  const name = author === "customer" ? nameOf(row) : author === "agent" ? message.name ?? T.product
    : T.assistant;
  const safety = message.custom?.type === "safety";
  return (
    <article class={`said by-${author}${first ? "" : " said-next"}${safety ? " is-safety" : ""}`}
      id={`message-${message.seq}`} aria-label={name}>
      {first && <div class="said-face">{author === "assistant" || author === "withdrawn"
        ? <span class="face face-bot" aria-hidden="true"><Icon name="chat" /></span> : <Face name={name} />}</div>}
      <div class="said-body">
        {first && <p class="said-who"><strong dir="auto">{name}</strong>
          {author === "withdrawn" && <span class="chip chip-warn">{T.withdrawn}</span>}
          <time dateTime={message.sent_at} title={moment(message.sent_at)}>{clock(message.sent_at)}</time></p>}
        {!first && author === "withdrawn" && <span class="chip chip-warn">{T.withdrawn}</span>}
        {message.text && <p class="said-text" dir="auto" lang={row.language ?? undefined}>
          {safety && <Icon name="alert" />}<Linked text={message.text} /></p>}
        <Files files={message.attachments ?? []} />
        {message.custom && <Card custom={message.custom} contact={null}
          mark={` ${message.seq}`} />}
        {!!message.buttons?.length && <p class="said-offered" dir="auto">
          {T.offered(message.buttons.map(({ title }) => title).join(" · "))}</p>}
        {seen && <p class="said-seen"><Icon name="check" />{T.seen}</p>}
      </div>
    </article>
  );
}

export function NoteLine({ note }: { note: Note }) {
  return (
    <article class="note" aria-label={T.noteBy(note.author.name)}>
      <p class="note-who"><Icon name="note" /><strong>{note.author.name}</strong>
        <span>{T.noteMark}</span>
        <time dateTime={note.at}>{clock(note.at)}</time></p>
      <p class="said-text" dir="auto"><Linked text={note.body} /></p>
    </article>
  );
}

export function Sending({ reply }: { reply: Reply }) {
  const failed = reply.state === "failed";
  return (
    <article class={`said by-agent is-${reply.state}`} aria-label={T.sending}>
      <div class="said-face"><Face name={me.value?.name ?? ""} /></div>
      <div class="said-body">
        <p class="said-who"><strong>{me.value?.name}</strong>
          <span class={failed ? "trouble" : "soft"}>
            {failed ? T.notSent : reply.note || T.sending}</span></p>
        <p class="said-text" dir="auto">{reply.text}</p>
        <Files files={reply.attachments} />
        {failed && <p class="trouble" role="alert">{reply.note}</p>}
        {failed && <p class="said-ends">
          <button type="button" class="quiet" onClick={() => retry(reply.id)}>{T.retry}</button>
          <button type="button" class="quiet" onClick={() => {
            const draft = drafts.load(reply.conversation);
            drafts.save(reply.conversation, { ...draft, mode: "reply",
              text: [draft.text, reply.text].filter(Boolean).join("\n") });
            drop(reply.id);
            composer.value?.("reply");
          }}>{T.putBack}</button>
          <button type="button" class="quiet" onClick={() => drop(reply.id)}>{T.discard}</button>
        </p>}
      </div>
    </article>
  );
}
