// The cards that results come with. Each adds to the message's text, which is always shown.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { announce } from "./announce";
import { calendarDate, hours, momentInWords, opening } from "./format";
import { Icon, type IconName } from "./icons";
import { telephone } from "./links";
import type { Contact, Custom } from "./protocol";
import { has, t } from "./texts";

const SIGNS: Record<string, IconName> = {
  covered: "check", not_covered: "cross", needs_review: "person", unverified: "question",
};

interface Props {
  custom: Custom;
  contact: Contact | null;
  /** Tells cards of one kind apart where all of them are landmarks. */
  mark?: string;
}

export function Card(props: Props) {
  const { type } = props.custom;
  if (type === "decision") return <Decision {...props} />;
  if (type === "ticket") return <Ticket {...props} />;
  if (type === "handoff") return <Handoff {...props} />;
  return null;
}

function Decision({ custom, mark = "" }: Props) {
  const outcome = custom.outcome && custom.outcome in SIGNS ? custom.outcome : "needs_review";
  const reasons = custom.reasons ?? [];
  return (
    <section class={`card outcome-${outcome}`} aria-label={t("decision") + mark}>
      <p class="outcome-label"><Icon name={SIGNS[outcome]!} />{t(`outcome_${outcome}`)}</p>
      <p class="card-words">{t(`outcome_note_${outcome}`)}</p>
      <Facts rows={[
        [t("item"), custom.item],
        [t("order"), custom.order_number],
        [t("invoice_date"), custom.invoice_date && calendarDate(custom.invoice_date)],
        [t("guarantee_until"), custom.guarantee_ends && calendarDate(custom.guarantee_ends)],
      ]} />
      {reasons.length > 0 && <>
        <p class="card-heading">{t("reasons")}</p>
        <ul class="reasons">
          {reasons.map((one) => <li>{has(`reason_${one}`) ? t(`reason_${one}`) : one}</li>)}
        </ul>
      </>}
      {!!custom.clauses?.length && <details class="clauses" open={outcome !== "covered"}>
        <summary>{t("policy_words")}</summary>
        {/* The policy is in English, whatever the conversation is in. */}
        {custom.clauses.map((one) => <blockquote lang="en" dir="ltr">{one}</blockquote>)}
      </details>}
      <p class="fine">{custom.policy_version
        ? t("terms", { version: custom.policy_version }) : t("terms_plain")}</p>
    </section>
  );
}

function Ticket({ custom, mark = "" }: Props) {
  return (
    <section class="card" aria-label={t("ticket") + mark}>
      <p class="card-heading"><Icon name="ticket" />{custom.urgent ? t("ticket_urgent") : t("ticket")}</p>
      {custom.ticket_number && <TicketNumber value={custom.ticket_number} />}
      <Facts rows={[
        [t("ticket_state"), custom.state],
        [t("ticket_due"), custom.due_at && momentInWords(custom.due_at)],
      ]} />
    </section>
  );
}

function Handoff({ custom, contact, mark = "" }: Props) {
  const route = custom.route ?? "ticket";
  const phone = custom.phone ?? (route === "phone" ? contact?.phone : null);
  const urgent = custom.reason === "emergency";
  const [sign, words]: [IconName, string] = route === "live_chat" ? ["person", t("handoff_live_chat")]
    : route === "phone" ? ["phone", t("handoff_phone")] : ["ticket", t("handoff_ticket")];
  return (
    <section class={`card${urgent ? " card-urgent" : ""}`} aria-label={t("handoff") + mark}>
      <p class="card-heading"><Icon name={sign} />{words}</p>
      {custom.ticket_number && <TicketNumber value={custom.ticket_number} />}
      {phone && route !== "live_chat" && <Call phone={phone} quiet={route !== "phone"} />}
      {phone && contact && route !== "live_chat" && <>
        <Opening contact={contact} />
        <p class="fine">{hours(contact)}</p>
      </>}
    </section>
  );
}

/** The phone as a link that a thumb cannot miss. */
export function Call({ phone, quiet = false }: { phone: string; quiet?: boolean }) {
  return (
    <a class={quiet ? "call call-quiet" : "call"} href={telephone(phone)}>
      <Icon name="phone" /><span dir="auto">{t("call", { phone: `\u2068${phone}\u2069` })}</span>
    </a>
  );
}

export function Opening({ contact }: { contact: Contact }) {
  return <p class={`opening${contact.open_now ? " opening-now" : ""}`}>
    <span class="light" aria-hidden="true" />{opening(contact)}</p>;
}

function TicketNumber({ value }: { value: string }) {
  const [copied, set] = useState(false);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(value);
      set(true);
      announce(t("copied"));
      setTimeout(() => set(false), 2000);
    } catch {
      // No permission: the number can be marked and copied by hand.
    }
  }
  return (
    <p class="number">
      <bdi class="number-value">{value}</bdi>
      <button type="button" class="copy" onClick={copy}>
        <Icon name={copied ? "check" : "copy"} /><span>{copied ? t("copied") : t("copy")}</span>
        <span class="hidden-words">{value}</span>
      </button>
    </p>
  );
}

function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  const known = rows.filter(([, value]) => value);
  return known.length ? (
    <dl class="facts">
      {known.map(([name, value]) => <div><dt>{name}</dt><dd dir="auto">{value}</dd></div>)}
    </dl>
  ) : null;
}
