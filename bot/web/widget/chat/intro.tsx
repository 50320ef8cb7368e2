// What stands before the first message: who answers here, and what to do in an emergency.

import { opening } from "../../shared/format";
import { Icon } from "../../shared/icons";
import { telephone } from "../../shared/links";
import type { Contact } from "../../shared/protocol";
import { parts, t } from "../../shared/texts";

export function Intro({ greeting, contact, fresh, start }:
{ greeting?: string; contact: Contact | null; fresh: boolean; start(text: string): void }) {
  const starters = [t("starter_fault"), t("starter_guarantee"), t("starter_ticket"),
    t("starter_person")];
  return (
    <div class="intro">
      <h2 dir={greeting ? "auto" : undefined}>{greeting || t("intro_hello")}</h2>
      <p>{t("intro_what")}</p>
      {contact && <p class="intro-emergency"><Icon name="alert" /><span>
        {parts("intro_emergency", {
          phone: <a href={telephone(contact.phone)}><bdi>{contact.phone}</bdi></a>,
          opening: opening(contact),
        })}
      </span></p>}
      {fresh && <div class="choices starters" role="group" aria-label={t("starters")}>
        {starters.map((text) =>
          <button type="button" class="chip" onClick={() => start(text)}>{text}</button>)}
      </div>}
    </div>
  );
}
