// The chat's window: the launcher, the header, the field to write in; opening, closing and focus.

import { el, icon } from "./dom.js";

const FULL_SCREEN = matchMedia("(max-width: 600px), (max-height: 520px)");
const TOUCH = matchMedia("(pointer: coarse)");

const STATUS = {
  bot: "Automated assistant",
  queued: "Waiting for a person",
  agent: "You are talking to a person",
};

/** `on`: send(text), fresh(), opened(), understood(). `page` is what lies behind the window. */
export class Panel {
  #on;
  #page;
  #log;
  #status = el("span", { class: "status-words" }, STATUS.bot);
  #count = el("span", { class: "count", hidden: true });
  #field;
  #sendButton;
  #notice;
  #owner = "bot";

  constructor(log, page, on) {
    this.#log = log;
    this.#page = page;
    this.#on = on;
    this.launcher = el("button", { type: "button", class: "launcher", "aria-expanded": "false",
      "aria-controls": "chat-panel", onclick: () => this.open() },
    icon("chat"), el("span", { class: "launcher-words" }, "Chat with us"), this.#count);
    this.#field = el("textarea", { rows: "1", maxlength: "4000", dir: "auto", enterkeyhint: "send",
      placeholder: "Write a message", "aria-label": "Your message", autocomplete: "off" });
    this.#sendButton = el("button", { type: "submit", class: "send", "aria-label": "Send",
      disabled: true }, icon("send"));
    this.#notice = el("div", { class: "notice", hidden: true });
    this.panel = el("section", { class: "panel", id: "chat-panel", role: "dialog",
      "aria-labelledby": "chat-title", hidden: true },
    this.#header(), this.#notice, log.element, this.#composer());
    this.element = el("div", { class: "chat" }, this.panel, this.launcher);
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) this.close();
    });
    FULL_SCREEN.addEventListener("change", () => this.#fit());
    window.visualViewport?.addEventListener("resize", () => this.#fit());
    window.visualViewport?.addEventListener("scroll", () => this.#fit());
  }

  get isOpen() { return !this.panel.hidden; }

  open({ focus = true } = {}) {
    if (!this.isOpen) {
      this.panel.hidden = false;
      this.element.classList.add("is-open");
      this.launcher.setAttribute("aria-expanded", "true");
      this.unread(0);
      this.#fit();
      this.#log.toEnd("instant");
      this.#on.opened();
    }
    // On a phone the keyboard would hide what is to be read first.
    if (focus) (TOUCH.matches ? this.#log.scroller : this.#field).focus();
  }

  close() {
    this.panel.hidden = true;
    this.element.classList.remove("is-open");
    this.launcher.setAttribute("aria-expanded", "false");
    this.#fit();
    this.launcher.focus();
  }

  /** Puts a text into the field, after what is there. */
  insert(text) {
    this.open({ focus: false });
    const before = this.#field.value.trimEnd();
    this.#field.value = before ? `${before} ${text}` : text;
    this.#typed();
    this.#field.focus();
  }

  /** After a choice was tapped, which is gone now. */
  refocus() {
    (TOUCH.matches ? this.#log.scroller : this.#field).focus({ preventScroll: true });
  }

  unread(count, alarming = false) {
    this.#count.hidden = count === 0;
    this.#count.textContent = count > 9 ? "9+" : String(count);
    this.launcher.classList.toggle("is-alarming", alarming && count > 0);
    this.launcher.setAttribute("aria-label", count
      ? `Chat with us, ${count} new ${count === 1 ? "message" : "messages"}` : "Chat with us");
  }

  owner(name) {
    this.#owner = name;
    this.connected(true);
  }

  connected(yes) {
    this.element.classList.toggle("is-away", !yes);
    this.element.dataset.owner = this.#owner;
    const words = yes ? STATUS[this.#owner] ?? STATUS.bot : "Reconnecting…";
    if (this.#status.textContent !== words) this.#status.textContent = words;
  }

  /** Keeps a safety message in sight until the customer has understood it. */
  warn(text) {
    this.#notice.className = "notice notice-safety";
    this.#notice.replaceChildren(icon("alert"), el("p", { dir: "auto" }, text),
      el("button", { type: "button", class: "notice-button", onclick: () => {
        this.unnotice();
        this.refocus();
        this.#on.understood();
      } }, "Understood"));
    this.#notice.hidden = false;
  }

  unnotice() { this.#notice.hidden = true; }

  #header() {
    return el("header", { class: "chat-header" },
      el("div", { class: "chat-heading" },
        el("h2", { id: "chat-title" }, "After-sale service"),
        el("p", { class: "status", role: "status" },
          el("span", { class: "light", "aria-hidden": "true" }), this.#status)),
      el("button", { type: "button", class: "header-button", "aria-label": "New conversation",
        title: "New conversation", onclick: () => this.#askFresh() }, icon("fresh")),
      el("button", { type: "button", class: "header-button", "aria-label": "Close the chat",
        title: "Close", onclick: () => this.close() }, icon("close")));
  }

  #composer() {
    this.#field.addEventListener("input", () => this.#typed());
    this.#field.addEventListener("keydown", (event) => {
      // While a Chinese or Japanese word is being composed, Enter only finishes the word.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    return el("form", { class: "composer", onsubmit: (event) => {
      event.preventDefault();
      this.#submit();
    } }, this.#field, this.#sendButton);
  }

  #submit() {
    const text = this.#field.value.trim();
    if (!text) return;
    this.#field.value = "";
    this.#typed();
    this.#on.send(text);
    this.#field.focus();
  }

  #typed() {
    this.#sendButton.disabled = !this.#field.value.trim();
    this.#field.style.height = "auto";
    this.#field.style.height = `${Math.min(this.#field.scrollHeight, 132)}px`;
  }

  #askFresh() {
    const before = this.#notice.hidden ? null : [...this.#notice.childNodes];
    const look = this.#notice.className;
    const back = () => {
      this.#notice.className = look;
      if (before) this.#notice.replaceChildren(...before);
      else this.unnotice();
      this.refocus();
    };
    if (this.#notice.classList.contains("notice-question") && before) return;
    const begin = el("button", { type: "button", class: "notice-button", onclick: () => {
      this.unnotice();
      this.refocus();
      this.#on.fresh();
    } }, "Start new");
    this.#notice.className = "notice notice-question";
    this.#notice.replaceChildren(
      el("p", {}, "Leave this conversation? Your tickets stay open, the messages are not shown again."),
      begin, el("button", { type: "button", class: "notice-button is-quiet", onclick: back }, "Stay"));
    this.#notice.hidden = false;
    begin.focus();
  }

  #fit() {
    const full = this.isOpen && FULL_SCREEN.matches;
    document.documentElement.classList.toggle("chat-full", full);
    this.#page.inert = full;
    this.panel.toggleAttribute("aria-modal", false);
    if (full) this.panel.setAttribute("aria-modal", "true");
    // The keyboard of a phone covers the page instead of shrinking it.
    const seen = window.visualViewport;
    this.panel.style.height = full && seen ? `${seen.height}px` : "";
    this.panel.style.top = full && seen ? `${seen.offsetTop}px` : "";
  }
}
