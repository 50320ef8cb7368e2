// The chat's own page: in the shop's iframe, or by itself.

import { render } from "preact";
import type { Options } from "../loader/options";
import { App, type Shell } from "./app";
import { Chat } from "./chat";
import { Host } from "./host";
import { pick } from "../../shared/languages";
import * as memory from "./memory";
import { language, speak } from "../../shared/texts";
import { applyColour } from "./theme";

/** The shop's page answers within milliseconds, or it is not there to answer. */
const HOST_MILLISECONDS = 1_000;

const chat = new Chat();
const root = document.getElementById("chat")!;
const shell: Shell = { speak: choose, opened: () => {} };
let started = false;
let told = { count: 0, alarm: false };

const host = new Host((message) => {
  if (message.type === "options") begin(message.options, message.language, message.token);
  else if (message.type === "open") {
    chat.show(true);
    requestAnimationFrame(() => shell.opened(message.focus, message.text));
  } else chat.show(false);
});
if (host.isThere) shell.close = () => host.tell({ type: "close" });

function draw(): void {
  render(<App chat={chat} shell={shell} />, root);
  const { unread, alarm } = chat.state;
  if (unread !== told.count || Boolean(alarm) !== told.alarm) {
    told = { count: unread, alarm: Boolean(alarm) };
    host.tell({ type: "unread", ...told });
  }
}

async function turnTo(wanted: string): Promise<void> {
  if (wanted !== language && await speak(wanted)) draw();
}

function choose(wanted: string): void {
  memory.language.save(wanted);
  void turnTo(wanted);
  void chat.chooseLanguage(wanted);
}

function begin(options: Options, hostLanguage?: string, token?: string): void {
  applyColour(options.colour);
  shell.greeting = options.greeting;
  if (started) {
    draw();
    return;
  }
  started = true;
  memory.token.lend(token, (kept) => host.tell({ type: "keep", token: kept }));
  const wanted = pick([memory.language.load(), options.language, hostLanguage,
    ...navigator.languages]);
  void speak(wanted).then(draw);
  void chat.start({ language: wanted, identity: options.identity });
}

// Changes that belong together are drawn together: a message that was acknowledged must not leave
// the log for a moment, or it would be read out again.
let due = false;
chat.onChange = () => {
  if (due) return;
  due = true;
  queueMicrotask(() => { due = false; draw(); });
};
chat.onLanguage = (spoken) => {
  // What the customer writes counts more than the page, and less than the menu.
  if (!memory.language.load()) void turnTo(pick([spoken, language]));
};
if (host.isThere) {
  host.tell({ type: "ready" });
  setTimeout(() => { if (!started) begin({}); }, HOST_MILLISECONDS);
} else {
  begin({});
  chat.show(true);
  requestAnimationFrame(() => shell.opened(false));
}
