// The cards that results come with. Each adds to the message's text, which is always shown.

import { dateInWords, linked, telephone } from "./chat-text.js";
import { copyButton, el, icon } from "./dom.js";
import { hoursWords, openingWords } from "./hours.js";

const OUTCOMES = {
  covered: ["check", "Covered",
    "Provisional: it becomes final once the product has been inspected."],
  not_covered: ["cross", "Not covered",
    "You can ask for a person to review this."],
  needs_review: ["person", "A person decides",
    "Somebody from our team looks at the case and decides it."],
  unverified: ["question", "Not verified",
    "No order could be matched, so nothing was decided."],
};

const REASONS = {
  A: "Found defective after the guarantee ended",
  gift: "The item was a free gift",
  B: "Misuse, abuse or unauthorised repair",
  C: "Updated, reworked or wrongly tested",
  D: "Unstable voltage from a battery charger",
  E: "Damage by a battery",
  F: "Water or a damp place",
  G: "No order number or proof of purchase",
  wear: "Wear",
  outer_covering: "The outer covering",
  battery_exhaustion: "An exhausted battery",
  accident: "An accident",
  act_of_god: "An act of God",
  negligence: "Negligence",
  misapplication: "Used for something it is not made for",
  faulty_installation: "Faulty installation",
  against_manual: "Used against the manual",
  consequential_loss: "Losses beyond the product itself",
  unsettled: "Something is not settled yet",
};

/** The card of a `custom` payload, or null for those that have none. */
export function card(custom, contact) {
  const make = { decision, ticket, handoff }[custom?.type];
  return make ? make(custom, contact) : null;
}

function decision(custom) {
  const [sign, label, words] = OUTCOMES[custom.outcome] ?? OUTCOMES.needs_review;
  const reasons = (custom.reasons ?? []).map((reason) => el("li", {}, REASONS[reason] ?? reason));
  return el("section", { class: `card outcome outcome-${custom.outcome}`, "aria-label": "Decision" },
    el("p", { class: "outcome-label" }, icon(sign), label),
    el("p", { class: "card-words" }, words),
    facts([
      ["Item", custom.item],
      ["Order", custom.order_number],
      ["Invoice date", custom.invoice_date && dateInWords(custom.invoice_date)],
      ["Guarantee until", custom.guarantee_ends && dateInWords(custom.guarantee_ends)],
    ]),
    reasons.length ? [el("p", { class: "card-heading" }, reasons.length > 1 ? "Reasons" : "Reason"),
      el("ul", { class: "reasons" }, reasons)] : null,
    (custom.clauses ?? []).map((clause) =>
      el("blockquote", { class: "clause", dir: "auto" }, clause)),
    el("p", { class: "fine" }, custom.policy_version
      ? `Our store warranty, terms of ${custom.policy_version}. ` : "Our store warranty. ",
    "Your statutory rights are not affected."));
}

function ticket(custom) {
  return el("section", { class: "card", "aria-label": "Ticket" },
    el("p", { class: "card-heading" }, icon("ticket"), custom.urgent ? "Urgent ticket" : "Ticket"),
    number(custom.ticket_number),
    facts([
      ["State", custom.state],
      ["Reply due", custom.due_at && momentInWords(custom.due_at)],
    ]));
}

function handoff(custom, contact) {
  const phone = custom.phone ?? (custom.route === "phone" ? contact?.phone : null);
  const urgent = custom.reason === "emergency";
  const [sign, words] = {
    live_chat: ["person", "A person is coming to this chat. Please stay here."],
    phone: ["phone", "Please phone us: a person answers."],
  }[custom.route] ?? ["ticket", "A person will answer your ticket."];
  return el("section", { class: `card handoff${urgent ? " handoff-urgent" : ""}`,
    "aria-label": "Talk to a person" },
  el("p", { class: "card-heading" }, icon(sign), words),
  custom.ticket_number ? number(custom.ticket_number) : null,
  phone ? el("a", { class: custom.route === "phone" ? "call" : "call call-quiet", href: telephone(phone) }, icon("phone"),
    el("span", {}, el("span", { class: "call-verb" }, "Call "), el("bdi", {}, phone))) : null,
  phone && contact ? el("p", { class: "fine" },
    // Sent to the phone, it was open then; what holds now would only confuse.
    hoursWords(contact), custom.route === "phone" ? "" : `. ${openingWords(contact)}.`)
    : null);
}

/** The safety message itself: it is the text, said so that nobody overlooks it. */
export function safety(text) {
  return el("div", { class: "safety" },
    el("p", { class: "safety-heading" }, icon("alert"), "Safety first"),
    el("p", { class: "safety-text", dir: "auto" }, linked(text)));
}

function number(ticketNumber) {
  return el("p", { class: "number" }, el("bdi", { class: "number-value" }, ticketNumber),
    copyButton(ticketNumber, "the ticket number"));
}

function facts(pairs) {
  const rows = pairs.filter(([, value]) => value).map(([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", { dir: "auto" }, value)));
  return rows.length ? el("dl", { class: "facts" }, rows) : null;
}

function momentInWords(iso) {
  const moment = new Date(iso);
  return Number.isNaN(moment.getTime()) ? String(iso) : moment.toLocaleString("en-GB", {
    weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit",
  });
}
