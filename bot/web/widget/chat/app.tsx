// Puts the parts together, and keeps the focus where the customer expects it.

import { useEffect, useRef, useState } from "preact/hooks";
import { announce, listen } from "../../shared/announce";
import type { Chat } from "./chat";
import { Composer, type ComposerHandle } from "./composer";
import { Header } from "./header";
import { Icon } from "../../shared/icons";
import { Intro } from "./intro";
import { Log } from "./log";
import { Menu } from "./menu";
import type { Actions } from "./message";
import { FreshQuestion, QueueNotice, SafetyNotice } from "./notices";
import { Rating } from "./rating";
import { saveTranscript } from "./transcript";
import { t } from "../../shared/texts";

const TOUCH = matchMedia("(pointer: coarse)");

export interface Shell {
  greeting?: string;
  speak(language: string): void;
  close?: () => void;
  /** Filled in here: focus, and words to put into the field. */
  opened: (focus: boolean, text?: string) => void;
}

export function App({ chat, shell }: { chat: Chat; shell: Shell }) {
  const [panel, show] = useState<"menu" | "question" | null>(null);
  const [spoken, say] = useState("");
  const [dropping, drop] = useState(false);
  const composer = useRef<ComposerHandle>(null);
  const log = useRef<Log>(null);
  const { state } = chat;

  useEffect(() => listen(say), []);

  /** On a phone the keyboard would hide what is to be read first. */
  const refocus = (): void => {
    if (TOUCH.matches) log.current?.scroller.current?.focus({ preventScroll: true });
    else composer.current?.focus();
  };
  shell.opened = (focus, text) => {
    log.current?.toEnd("auto");
    if (text) composer.current?.insert(text);
    else if (focus) refocus();
  };

  // What failed is said once, when it fails.
  const failed = state.outgoing.filter(({ state: its }) => its === "failed" || its === "refused");
  useEffect(() => {
    const last = failed[failed.length - 1];
    if (last) announce(last.note ? t("not_sent_because", { reason: last.note }) : t("not_sent"));
  }, [failed.length]);
  const kept = useRef(false);
  useEffect(() => {
    if (state.outgoing.length && state.connection !== "up") kept.current = true;
    if (!state.outgoing.length && kept.current) {
      kept.current = false;
      announce(t("all_sent"));
    }
  }, [state.outgoing.length, state.connection]);

  const leave = (back = true): void => {
    show(null);
    if (back) document.getElementById("menu-button")?.focus();
  };
  const actions: Actions = {
    choose(button) {
      chat.send(button.payload, button.title);
      refocus();
    },
    retry() {
      chat.retry();
      refocus();
    },
    edit(one) {
      chat.remove(one.id);
      composer.current?.insert(one.shown);
    },
    remove(one) {
      chat.remove(one.id);
      refocus();
    },
  };

  return (
    <main class={dropping ? "chat dropping" : "chat"} aria-labelledby="title"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.isComposing) return;
        event.preventDefault();
        if (panel) leave();
        else shell.close?.();
      }}
      onPointerDown={(event) => {
        if (panel === "menu" && !(event.target as Element).closest("#menu, #menu-button")) show(null);
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        drop(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) drop(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        drop(false);
        composer.current?.attach(event.dataTransfer?.files ?? []);
      }}>
      <Header state={state} menu={panel === "menu"} onClose={shell.close}
        onMenu={() => (panel === "menu" ? leave() : show("menu"))} />
      {panel === "menu" && <Menu started={state.messages.length > 0} actions={{
        speak: shell.speak,
        save() { saveTranscript(state.messages); leave(); },
        print() { leave(); setTimeout(() => window.print(), 50); },
        rate() { leave(false); chat.offerRating(); setTimeout(focusRating, 0); },
        fresh: () => show("question"),
      }} />}
      {panel === "question" && <FreshQuestion no={() => leave()} yes={() => {
        leave(false);
        refocus();
        chat.fresh().catch(() => announce(t("error_session")));
      }} />}
      {state.alarm && <SafetyNotice message={state.alarm} contact={state.contact}
        understood={() => { chat.understood(); refocus(); }} />}
      {state.owner.owner === "queued" && <QueueNotice owner={state.owner} />}
      <Log ref={log} state={state} actions={actions} intro={
        <Intro greeting={shell.greeting} contact={state.contact}
          fresh={state.loaded && !state.messages.length && !state.outgoing.length}
          start={(text) => { chat.send(text); refocus(); }} />}>
        {state.typing.on && <Typing name={state.owner.owner === "agent" ? state.owner.agent : null} />}
        {state.rating !== "none" && <Rating done={state.rating === "thanks"}
          send={(stars, comment) => chat.rate(stars, comment)}
          later={() => { chat.rated("none"); refocus(); }} />}
      </Log>
      <Composer handle={composer} limits={state.limits} typing={(on) => chat.typingNow(on)}
        send={(text, attachments) => chat.send(text, text, attachments)} />
      {dropping && <p class="drop"><Icon name="clip" />{t("drop_here")}</p>}
      <p class="hidden-words" role="status">{spoken}</p>
    </main>
  );
}

function Typing({ name }: { name?: string | null }) {
  return (
    <div class="typing">
      <span class="hidden-words">{name ? t("typing_agent", { name }) : t("typing_assistant")}</span>
      <span class="dots" aria-hidden="true"><i /><i /><i /></span>
    </div>
  );
}

function focusRating(): void {
  document.querySelector<HTMLInputElement>(".stars input")?.focus();
}
