// One message in the log, from the moment it is written.

import { Attached } from "./attachment";
import { Card } from "../../shared/cards";
import { timeOf } from "../../shared/format";
import { Icon } from "../../shared/icons";
import { Linked } from "../../shared/links";
import type { Outgoing } from "./outbox";
import type { Button, Contact, Message } from "../../shared/protocol";
import { t } from "../../shared/texts";

/** More or longer answers than this stand below each other. */
const FEW = 4;
const SHORT = 26;

export interface Actions {
  choose(button: Button): void;
  retry(): void;
  edit(one: Outgoing): void;
  remove(one: Outgoing): void;
}

export interface Entry {
  message: Message;
  outgoing?: Outgoing;
  /** The first, or the last, of several by the same author in a row. */
  first: boolean;
  last: boolean;
  /** The latest of one's own: the only one that has to say that it was sent. */
  newest: boolean;
  choices: boolean;
}

export function Said({ entry, contact, actions }:
{ entry: Entry; contact: Contact | null; actions: Actions }) {
  const { message, outgoing } = entry;
  const own = message.author === "customer";
  const safety = message.custom?.type === "safety";
  return (
    <div class={`message ${own ? "own" : "theirs"} by-${message.author}${entry.last ? "" : " followed"}${
      outgoing ? ` is-${outgoing.state}` : ""}`}
      // One's own words need not be read out; the safety message is, by its alert.
      aria-live={own || safety ? "off" : undefined}>
      {own ? <span class="hidden-words">{t("you")}</span>
        : entry.first && <p class="author">{author(message)}</p>}
      {safety ? <Safety text={message.text} />
        : message.text && <p class="bubble" dir="auto"><Linked text={message.text} /></p>}
      {!!message.attachments?.length && <div class="attached">
        {message.attachments.map((file) => <Attached key={file.id} file={file} />)}
      </div>}
      {message.custom && <Card custom={message.custom} contact={contact} />}
      {outgoing ? <Delivery one={outgoing} actions={actions} /> : (
        <p class="meta">
          <time dateTime={message.sent_at}>{timeOf(message.sent_at)}</time>
          {own && entry.newest && <span class="sent"><Icon name="check" />{t("sent")}</span>}
        </p>
      )}
      {entry.choices && <Choices buttons={message.buttons!} actions={actions} />}
    </div>
  );
}

export function author(message: Message): string {
  if (message.author === "agent") return message.name || t("team");
  return message.author === "assistant" ? t("assistant") : t("you");
}

function Safety({ text }: { text: string }) {
  return (
    <div class="safety">
      <p class="safety-heading"><Icon name="alert" />{t("safety")}</p>
      <p class="safety-text" dir="auto"><Linked text={text} /></p>
    </div>
  );
}

function Delivery({ one, actions }: { one: Outgoing; actions: Actions }) {
  if (one.state === "failed") {
    return (
      <p class="meta trouble"><Icon name="alert" /><span>{t("not_sent")}</span>
        <button type="button" class="again" onClick={actions.retry}>{t("retry")}</button>
      </p>
    );
  }
  if (one.state === "refused") {
    return (
      <p class="meta trouble"><Icon name="alert" />
        <span dir="auto">{t("not_sent_because", { reason: one.note ?? "" })}</span>
        <button type="button" class="again" onClick={() => actions.edit(one)}>{t("edit")}</button>
        <button type="button" class="again" onClick={() => actions.remove(one)}>{t("remove")}</button>
      </p>
    );
  }
  return (
    <p class="meta"><Icon name="clock" />
      <span dir="auto">{one.note || (one.state === "sending" ? t("sending") : t("waiting"))}</span>
    </p>
  );
}

function Choices({ buttons, actions }: { buttons: Button[]; actions: Actions }) {
  const list = buttons.length > FEW || buttons.some(({ title }) => title.length > SHORT);
  return (
    <div class={list ? "choices choice-list" : "choices"} role="group" aria-label={t("answers")}>
      {buttons.map((button) => (
        <button type="button" class="chip" dir="auto" onClick={() => actions.choose(button)}>
          {button.title}
        </button>
      ))}
    </div>
  );
}
