// The chat on a page: puts the window, the messages and the conversation together.

import { Log } from "./chat-log.js";
import * as memory from "./chat-memory.js";
import { Panel } from "./chat-panel.js";
import { Conversation } from "./chat-sync.js";
import { telephone } from "./chat-text.js";
import { el, icon } from "./dom.js";
import { openingWords } from "./hours.js";

const STARTERS = [
  "Something is wrong with my head unit",
  "Is my guarantee still running?",
  "What is the state of my ticket?",
  "I want to talk to a person",
];

/** Puts the chat on the page; returns `{ open, insert }`. `page` is what lies behind it. */
export function mountChat(page) {
  let latest = 0;
  let unread = 0;
  let alarm = null;
  let loaded = false;

  const emergency = el("p", { class: "intro-emergency" });
  const intro = el("div", { class: "intro" },
    el("p", { class: "intro-hello" }, "Hello, how can we help?"),
    el("p", {}, "You are writing to our automated assistant, in any language you like. "
      + "It files claims and tickets and fetches a person when you want one."),
    emergency,
    el("div", { class: "choices starters", role: "group", "aria-label": "Ways to begin" },
      STARTERS.map((text) => el("button", { type: "button", class: "chip", onclick: () => {
        conversation.send(text);
        panel.refocus();
      } }, text))));

  const log = new Log(intro, {
    choose(payload, title) {
      conversation.send(payload, title);
      panel.refocus();
    },
    retry() {
      conversation.retry();
      panel.refocus();
    },
    edit(id, text) {
      conversation.drop(id);
      panel.insert(text);
    },
  });

  const panel = new Panel(log, page, {
    send: (text) => conversation.send(text),
    fresh: () => conversation.fresh().catch(() => panel.connected(false)),
    opened() {
      conversation.start();
      seen();
    },
    understood() {
      memory.understood.save(conversation.thread, alarm.seq);
      alarm = null;
    },
  });

  function seen() {
    unread = 0;
    alarm = alarm && { ...alarm, fresh: false };
    if (conversation.thread && latest) memory.read.save(conversation.thread, latest);
  }

  const conversation = new Conversation({
    contact(contact) {
      log.contact(contact);
      emergency.replaceChildren(icon("alert"), el("span", {},
        "Smoke, sparks, a swollen battery? Switch off and say so first, or call ",
        el("a", { href: telephone(contact.phone) }, contact.phone),
        `. ${openingWords(contact)}.`));
    },
    message(message) {
      log.message(message);
      latest = message.seq;
      if (message.author === "customer") return;
      if (message.custom?.type === "safety"
          && message.seq > memory.understood.load(conversation.thread)) {
        alarm = { seq: message.seq, fresh: true };
        panel.warn(message.text);
      }
      if (message.seq > memory.read.load(conversation.thread)) unread += 1;
      if (loaded) count();
    },
    pending: (list) => log.pending(list),
    typing: (yes) => log.typing(yes),
    owner: (name) => panel.owner(name),
    connected: (yes) => panel.connected(yes),
    reset() {
      latest = unread = 0;
      alarm = null;
      loaded = false;
      log.reset();
      panel.unnotice();
      panel.unread(0);
    },
    loaded() {
      loaded = true;
      log.loaded();
      count();
    },
  });

  function count() {
    if (panel.isOpen && !document.hidden) seen();
    else panel.unread(unread, alarm?.fresh);
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && panel.isOpen) seen();
  });
  document.body.append(panel.element);
  if (memory.started.load()) conversation.start();
  return { open: () => panel.open(), insert: (text) => panel.insert(text) };
}
