// The messages on the page, in the order of the conversation.

import { card, safety } from "./chat-cards.js";
import { dayOf, linked, timeOf } from "./chat-text.js";
import { el, icon } from "./dom.js";

const NAMES = { assistant: "Assistant", agent: "Support team" };
/** Messages of one side that follow each other this closely are one group. */
const GROUP_MILLISECONDS = 5 * 60_000;
/** So near to the end counts as reading along. */
const NEAR = 120;
const GLIDE_MILLISECONDS = 600;

/** `on`: choose(payload, title), start(text), retry(), edit(id, text). */
export class Log {
  #on;
  #items = el("div", { class: "log-items", role: "log", "aria-live": "polite",
    "aria-label": "Messages", "aria-busy": "true" });
  #pendingList = el("div", { class: "log-pending" });
  #typing = el("div", { class: "typing", hidden: true },
    el("span", { class: "visually-hidden" }, "The assistant is writing"),
    el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")));
  #jumpWords = el("span");
  #jump = el("button", { type: "button", class: "jump", hidden: true,
    onclick: () => this.toEnd() }, icon("down"), this.#jumpWords);
  #last = null;
  #choices = [];
  #pending = [];
  #loading = true;
  #contact = null;
  #wentToEnd = 0;
  #firstNew = null;

  constructor(intro, on) {
    this.#on = on;
    this.intro = intro;
    this.scroller = el("div", { class: "log", tabindex: "0", "aria-label": "Conversation",
      role: "region" }, intro, this.#items, this.#pendingList, this.#typing);
    this.element = el("div", { class: "log-frame" }, this.scroller, this.#jump);
    this.scroller.addEventListener("scroll", () => {
      if (this.#nearEnd()) this.#jump.hidden = true;
    }, { passive: true });
  }

  contact(contact) { this.#contact = contact; }

  /** Adds a message that the server has. */
  message(message) {
    const follow = this.#firstNew !== null || this.#nearEnd();
    const moment = new Date(message.sent_at);
    const own = message.author === "customer";
    if (this.#last === null || dayOf(this.#last.moment) !== dayOf(moment)) {
      this.#items.append(el("p", { class: "day" }, el("span", {}, dayOf(moment))));
      this.#last = null;
    }
    const grouped = this.#last?.author === message.author
      && moment - this.#last.moment < GROUP_MILLISECONDS;
    if (grouped) this.#last.element.classList.add("followed");
    const element = this.#made(message, moment, grouped);
    if (own) this.#forgetChoices();
    this.#items.append(element);
    this.#last = { author: message.author, moment, element };
    this.intro.classList.add("intro-old");
    if (this.#loading) return;
    if (follow || own) this.#reveal(element);
    else this.#offerJump("New messages");
  }

  /** Shows what is on its way or did not get through. */
  pending(list) {
    const grew = list.length > this.#pending.length;
    this.#pending = list;
    this.#pendingList.replaceChildren(...list.map((one) => this.#waiting(one)));
    for (const choices of this.#choices) choices.hidden = list.length > 0;
    if (list.length) this.intro.classList.add("intro-old");
    if (grew && !this.#loading) this.toEnd();
  }

  typing(yes) {
    const follow = this.#nearEnd();
    this.#typing.hidden = !yes;
    if (yes && follow) this.toEnd();
  }

  /** The history is there; from now on a screen reader hears what is added. */
  loaded() {
    this.#loading = false;
    this.#items.removeAttribute("aria-busy");
    this.toEnd("instant");
  }

  reset() {
    this.#items.replaceChildren();
    this.#items.setAttribute("aria-busy", "true");
    this.intro.classList.remove("intro-old");
    this.#last = null;
    this.#choices = [];
    this.#loading = true;
    this.#jump.hidden = true;
    this.typing(false);
  }

  toEnd(behavior = "smooth") {
    this.#jump.hidden = true;
    this.#wentToEnd = Date.now();
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: calm() ?? behavior });
  }

  #made(message, moment, grouped) {
    const own = message.author === "customer";
    const alarming = message.custom?.type === "safety";
    const choices = message.buttons?.length ? this.#offer(message.buttons) : null;
    return el("div", {
      class: `message ${own ? "message-own" : "message-theirs"} by-${message.author}`,
      // What one wrote oneself need not be read out again.
      "aria-live": own ? "off" : alarming && !this.#loading ? "assertive" : null,
    },
    own ? el("span", { class: "visually-hidden" }, "You: ")
      : grouped ? null : el("p", { class: "author" }, NAMES[message.author]),
    alarming ? safety(message.text)
      : message.text ? el("p", { class: "bubble", dir: "auto" }, linked(message.text)) : null,
    card(message.custom, this.#contact),
    el("p", { class: "meta" }, el("time", { datetime: message.sent_at }, timeOf(moment)),
      own ? el("span", { class: "sent" }, icon("check"), "Sent") : null),
    choices);
  }

  #offer(buttons) {
    const choices = el("div", { class: "choices", role: "group", "aria-label": "Answers to choose" },
      buttons.map(({ title, payload }) => el("button", {
        type: "button", class: "chip", dir: "auto",
        onclick: () => this.#on.choose(payload, title),
      }, title)));
    this.#choices.push(choices);
    return choices;
  }

  #forgetChoices() {
    for (const choices of this.#choices) choices.remove();
    this.#choices = [];
  }

  #waiting(one) {
    const state = {
      sending: () => [el("span", {}, one.note || "Sending…")],
      sent: () => [el("span", { class: "sent" }, icon("check"), "Sent")],
      failed: () => [el("span", { class: "trouble" }, "Not sent"),
        el("button", { type: "button", class: "again", onclick: () => this.#on.retry() }, "Retry")],
      refused: () => [el("span", { class: "trouble" }, `Not sent. ${one.note ?? ""}`),
        el("button", { type: "button", class: "again",
          onclick: () => this.#on.edit(one.id, one.shown) }, "Edit")],
    }[one.state];
    return el("div", { class: `message message-own is-${one.state}` },
      el("p", { class: "bubble", dir: "auto" }, linked(one.shown)),
      el("p", { class: "meta", role: "note" in one && one.state !== "sent" || one.state === "failed" ? "status" : null }, state()));
  }

  /** Once all of what came together is there: its end if it fits, else its beginning. */
  #reveal(element) {
    if (this.#firstNew) return;
    this.#firstNew = element;
    queueMicrotask(() => {
      this.#firstNew = null;
      const top = element.offsetTop - 12;
      if (this.scroller.scrollHeight - top <= this.scroller.clientHeight + NEAR / 3) {
        this.toEnd();
        return;
      }
      // Not scrollIntoView: it would move the window around the messages as well.
      this.#wentToEnd = 0;
      this.scroller.scrollTo({ top, behavior: calm() ?? "smooth" });
      this.#offerJump("More below");
    });
  }

  #offerJump(words) {
    this.#jumpWords.textContent = words;
    this.#jump.hidden = false;
  }

  #nearEnd() {
    // While it still glides there, it counts as being there.
    if (Date.now() - this.#wentToEnd < GLIDE_MILLISECONDS) return true;
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : null;
}
