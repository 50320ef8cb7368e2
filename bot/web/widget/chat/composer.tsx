// The field to write in, with files.

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../../shared/announce";
import { percent } from "../../shared/format";
import { Icon } from "../../shared/icons";
import * as memory from "./memory";
import type { Attachment, Limits } from "../../shared/protocol";
import { t } from "../../shared/texts";
import { type Upload, useUploads } from "./uploads";

const TALLEST = 132;
/** From here on it helps to see how much room is left. */
const NEARLY = 0.9;
const TYPING_PAUSE = 4_000;

export interface ComposerHandle {
  focus(): void;
  insert(text: string): void;
  attach(files: Iterable<File>): void;
}

interface Props {
  limits: Limits;
  handle: RefObject<ComposerHandle>;
  send(text: string, attachments: Attachment[]): void;
  typing(on: boolean): void;
}

export function Composer({ limits, handle, send, typing }: Props) {
  const [text, setText] = useState(memory.draft.load);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const files = useUploads(limits);
  const stopTyping = useRef(0);
  const left = limits.characters - text.length;
  const ready = !files.busy && left >= 0 && (text.trim() !== "" || files.ready.length > 0);

  useEffect(() => {
    const area = field.current!;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, TALLEST)}px`;
  }, [text]);

  handle.current = {
    focus: () => field.current?.focus(),
    insert(more) {
      write((before) => (before.trim() ? `${before.trimEnd()} ${more}` : more));
      field.current?.focus();
    },
    attach: (list) => files.add(list),
  };

  function write(next: string | ((before: string) => string)): void {
    setText((before) => {
      const now = typeof next === "string" ? next : next(before);
      memory.draft.save(now);
      return now;
    });
  }

  function typed(now: string): void {
    write(now);
    if (!stopTyping.current) typing(true);
    clearTimeout(stopTyping.current);
    stopTyping.current = window.setTimeout(stop, TYPING_PAUSE);
  }

  function stop(): void {
    if (stopTyping.current) typing(false);
    clearTimeout(stopTyping.current);
    stopTyping.current = 0;
  }

  function submit(event?: Event): void {
    event?.preventDefault();
    if (files.busy) announce(t("wait_upload"));
    if (!ready) return;
    send(text.trim(), files.ready);
    write("");
    files.clear();
    stop();
    field.current?.focus();
  }

  return (
    <form class="composer" onSubmit={submit}>
      {files.uploads.length > 0 && (
        <ul class="uploads" aria-label={t("files")}>
          {files.uploads.map((one) => <UploadLine key={one.key} one={one}
            again={() => files.again(one)}
            remove={() => { files.remove(one); field.current?.focus(); }} />)}
        </ul>
      )}
      {files.busy && <p class="fine composer-note">{t("wait_upload")}</p>}
      {left < limits.characters * (1 - NEARLY) && (
        <p class={`composer-note ${left < 0 ? "trouble" : "fine"}`} id="room">
          {left < 0 ? t("too_many_characters", { count: -left }) : t("characters_left", { count: left })}
        </p>
      )}
      <div class="composer-row">
        <button type="button" class="round" aria-label={t("attach")} title={t("attach")}
          onClick={() => picker.current!.click()}><Icon name="clip" /></button>
        <input type="file" ref={picker} hidden multiple accept={limits.file_types.join(",")}
          onChange={(event) => {
            files.add(event.currentTarget.files ?? []);
            event.currentTarget.value = "";
            field.current?.focus();
          }} />
        <textarea ref={field} rows={1} dir="auto" value={text} enterkeyhint="send"
          autocomplete="off" placeholder={t("write_hint")} aria-label={t("write")}
          aria-invalid={left < 0} aria-describedby={left < 0 ? "room" : undefined}
          onInput={(event) => typed(event.currentTarget.value)}
          onPaste={(event) => {
            const pasted = [...(event.clipboardData?.files ?? [])];
            if (!pasted.length) return;
            event.preventDefault();
            files.add(pasted);
          }}
          onKeyDown={(event) => {
            // While a Chinese or Japanese word is being composed, Enter only finishes the word.
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            submit(event);
          }} />
        <button type="submit" class="round send" aria-label={t("send")} aria-disabled={!ready}>
          <Icon name="send" /></button>
      </div>
    </form>
  );
}

function UploadLine({ one, again, remove }:
{ one: Upload; again: () => void; remove: () => void }) {
  const share = percent(one.share);
  return (
    <li class={`upload${one.error ? " upload-failed" : ""}`}>
      {one.preview ? <img src={one.preview} alt="" width={44} height={44} />
        : <span class="upload-sign"><Icon name={one.error ? "alert" : one.file.type.startsWith("video/")
          ? "video" : "file"} /></span>}
      <div class="upload-words">
        <p class="file-name"><bdi>{one.name}</bdi></p>
        {one.error ? <p class="trouble" dir="auto">{one.error}</p>
          : one.attachment ? <p class="sent"><Icon name="check" />{share}</p>
            : <div class="bar"><progress max={1} value={one.share}
              aria-label={t("upload_progress", { name: one.name, percent: share })} />
            <span aria-hidden="true">{share}</span></div>}
      </div>
      {one.again && <button type="button" class="again" onClick={again}>
        {t("retry")} <span class="hidden-words">{one.name}</span></button>}
      <button type="button" class="round small" onClick={remove}
        aria-label={t("upload_cancel", { name: one.name })}><Icon name="close" /></button>
    </li>
  );
}
