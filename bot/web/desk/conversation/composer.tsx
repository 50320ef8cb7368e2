// Where replies and notes are written. What stands here is never lost: it is kept for each
// conversation until it was sent.

import { useEffect, useRef, useState } from "preact/hooks";
import { act, mayAnswer } from "../actions";
import * as api from "../api";
import { tellTyping } from "../connection";
import { Icon } from "../icons";
import { type Draft, drafts, likes } from "../memory";
import type { Conversation, Note } from "../protocol";
import { send } from "../replies";
import { languageName, T } from "../texts";
import { toast } from "../toasts";
import { CannedPicker } from "./canned";
import { composer } from "./focus";
import { noted } from "./store";
import { UploadList, useUploads } from "./uploads";

const TALLEST = 240;
const TYPING_MILLISECONDS = 4_000;
/** Without a key for this long nobody is typing, though the field has the focus. */
const PAUSE_MILLISECONDS = 8_000;

export function Composer({ conversation }: { conversation: Conversation }) {
  const { row } = conversation;
  const [draft, setDraft] = useState<Draft>(() => drafts.load(row.id));
  const [picking, pick] = useState(false);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const toldTyping = useRef(0);
  const rests = useRef<ReturnType<typeof setTimeout>>();
  const uploads = useUploads(row.id);
  const allowed = mayAnswer(row);
  const mode = allowed ? draft.mode : "note";
  const text = mode === "note" ? draft.note : draft.text;

  function save(next: Draft): void {
    setDraft(next);
    drafts.save(row.id, next);
  }
  const write = (words: string): void => {
    save(mode === "note" ? { ...draft, note: words } : { ...draft, text: words });
    if (mode === "reply" && Date.now() - toldTyping.current > TYPING_MILLISECONDS) {
      toldTyping.current = Date.now();
      tellTyping(row.id, true);
    }
    clearTimeout(rests.current);
    rests.current = setTimeout(stopTyping, PAUSE_MILLISECONDS);
  };
  const stopTyping = (): void => {
    clearTimeout(rests.current);
    if (toldTyping.current) tellTyping(row.id, false);
    toldTyping.current = 0;
  };

  useEffect(() => {
    composer.value = (wanted) => {
      const kept = drafts.load(row.id);
      save({ ...kept, mode: wanted });
      // At once: a letter typed meanwhile would be a shortcut. And again when it is allowed to.
      field.current?.focus();
      requestAnimationFrame(() => field.current?.focus());
    };
    return () => { composer.value = null; stopTyping(); };
  }, [row.id]);
  useEffect(() => {
    const box = field.current;
    if (!box) return;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight + 2, TALLEST)}px`;
  }, [text, mode]);

  async function submit(): Promise<void> {
    const words = text.trim();
    if (busy || uploads.busy) return;
    if (mode === "note") {
      if (!words) return;
      setBusy(true);
      const note = await act(api.post<Note>(api.of(row.id, "/notes"), { body: words }));
      setBusy(false);
      if (!note) return;
      noted(row.id, note);
      save({ ...draft, note: "" });
      return;
    }
    if (!words && !uploads.ready.length) return;
    send(row.id, words, uploads.ready);
    uploads.clear();
    save({ ...draft, text: "" });
    stopTyping();
  }

  function key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "/" && !text && mode === "reply") {
      event.preventDefault();
      pick(true);
    } else if (event.key === "Enter" && !event.shiftKey
      && (event.ctrlKey || event.metaKey || likes.sendWith.value === "enter")) {
      event.preventDefault();
      void submit();
    }
  }

  const foreign = row.language && row.language !== "en";
  return (
    <div class={`composer is-${mode}`}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        if (mode === "reply" && event.dataTransfer) uploads.add(event.dataTransfer.files);
      }}>
      {!allowed && <p class="composer-hint is-blocked"><Icon name="person" />
        {T.blocked(row.agent?.name ?? "?")}</p>}
      {picking && <CannedPicker conversation={row.id} language={row.language ?? "en"}
        onClose={() => { pick(false); field.current?.focus(); }}
        onPick={(words) => {
          pick(false);
          save({ ...draft, mode: "reply", text: draft.text ? `${draft.text}\n${words}` : words });
          requestAnimationFrame(() => field.current?.focus());
        }} />}
      <div class="composer-box">
        <div class="composer-tabs" role="group" aria-label={T.log}>
          <button type="button" aria-pressed={mode === "reply"} disabled={!allowed}
            onClick={() => save({ ...draft, mode: "reply" })}>{T.reply}</button>
          <button type="button" aria-pressed={mode === "note"}
            onClick={() => save({ ...draft, mode: "note" })}>{T.note}</button>
          {mode === "reply" && foreign && <span class="composer-language">
            <Icon name="world" />{T.speaks(languageName(row.language))}</span>}
          {mode === "reply" && !foreign && row.owner !== "agent" && <span class="composer-language">
            {T.replyTakes}</span>}
        </div>
        <textarea ref={field} rows={2} dir="auto" value={text}
          aria-label={mode === "note" ? T.note : T.replyTo(row.customer.name ?? T.customer)}
          placeholder={mode === "note" ? T.notePlaceholder : T.replyPlaceholder}
          lang={mode === "reply" ? row.language ?? undefined : undefined}
          onInput={(event) => write(event.currentTarget.value)} onKeyDown={key}
          onBlur={stopTyping}
          onPaste={(event) => {
            const files = event.clipboardData?.files;
            if (mode === "reply" && files?.length) { event.preventDefault(); uploads.add(files); }
          }} />
        <UploadList uploads={uploads} />
        <div class="composer-ends">
          {mode === "reply" && <>
            <label class="tool" title={T.attach}><Icon name="clip" />
              <span class="hidden-words">{T.attach}</span>
              <input type="file" multiple class="hidden-words" onChange={(event) => {
                uploads.add(event.currentTarget.files ?? []);
                event.currentTarget.value = "";
              }} /></label>
            <button type="button" class="tool" title={`${T.cannedOpen} (/)`} aria-label={T.cannedOpen}
              aria-expanded={picking} onClick={() => pick(!picking)}><Icon name="slash" /></button>
          </>}
          <span class="composer-keys">{likes.sendWith.value === "enter" ? T.sendWithEnter : T.sendWithCtrl}</span>
          <button type="button" class={`solid${mode === "note" ? " solid-note" : ""}`}
            aria-disabled={busy || uploads.busy || (!text.trim() && !uploads.ready.length)}
            onClick={() => {
              if (!allowed && mode === "reply") toast(T.blocked(row.agent?.name ?? "?"), "bad");
              else void submit();
            }}>{mode === "note" ? T.addNote : T.send}</button>
        </div>
      </div>
    </div>
  );
}
