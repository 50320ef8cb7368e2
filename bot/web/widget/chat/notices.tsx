// What stands above the messages until it is dealt with.

import { useEffect, useRef } from "preact/hooks";
import { Call, Opening } from "../../shared/cards";
import { minutes } from "../../shared/format";
import { Icon } from "../../shared/icons";
import { Linked } from "../../shared/links";
import type { Contact, Message, Owner } from "../../shared/protocol";
import { t } from "../../shared/texts";

/** Stays in sight, and is read out at once, until the customer says to have read it. */
export function SafetyNotice({ message, contact, understood }:
{ message: Message; contact: Contact | null; understood(): void }) {
  return (
    <div class="notice notice-safety" role="alert">
      <p class="safety-now"><Icon name="alert" />
        <span dir="auto"><Linked text={message.text} /></span></p>
      {contact && <Opening contact={contact} />}
      <div class="row">
        {contact && <Call phone={contact.phone} />}
        <button type="button" class="understood" onClick={understood}>{t("understood")}</button>
      </div>
    </div>
  );
}

export function QueueNotice({ owner }: { owner: Owner }) {
  return (
    <div class="notice notice-queue" role="status">
      <p class="card-heading"><Icon name="person" />{t("queue_title")}</p>
      {!!owner.position && <p>{t("queue_position", { position: owner.position })}</p>}
      {!!owner.expected_minutes && <p>{t("queue_minutes", { minutes: minutes(owner.expected_minutes) })}</p>}
      <p class="fine">{t("queue_stay")}</p>
    </div>
  );
}

export function FreshQuestion({ yes, no }: { yes(): void; no(): void }) {
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current!.focus(), []);
  return (
    <div class="notice notice-question" role="group" aria-labelledby="question">
      <p id="question">{t("new_question")}</p>
      <div class="row">
        <button type="button" class="solid" ref={first} onClick={yes}>{t("new_confirm")}</button>
        <button type="button" class="plain" onClick={no}>{t("stay")}</button>
      </div>
    </div>
  );
}
