// Canned replies: found by a few letters, filled in for this customer, in the chosen language.

import fuzzysort from "fuzzysort";
import { useEffect, useRef, useState } from "preact/hooks";
import { LANGUAGES } from "../../shared/languages";
import * as api from "../api";
import type { Canned } from "../protocol";
import { T } from "../texts";
import { toast } from "../toasts";

const MOST = 30;

interface Props {
  conversation: string;
  language: string;
  onPick: (text: string) => void;
  onClose: () => void;
}

export function CannedPicker({ conversation, language: theirs, onPick, onClose }: Props) {
  const [language, speak] = useState(theirs in LANGUAGES ? theirs : "en");
  const [all, set] = useState<Canned[] | null>(null);
  const [query, seek] = useState("");
  const [at, choose] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);

  useEffect(() => { field.current?.focus(); }, []);
  useEffect(() => {
    api.get<Canned[]>(`/canned?language=${language}&conversation=${encodeURIComponent(conversation)}`)
      .then(set, (error: Error) => { toast(error.message, "bad"); set([]); });
  }, [language]);
  const found = query ? fuzzysort.go(query, all ?? [], {
    keys: ["shortcut", "title", "text"], limit: MOST, threshold: 0.3,
  }).map((one) => one.obj) : (all ?? []).slice(0, MOST);
  const chosen = found[Math.min(at, found.length - 1)];
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at, query]);

  function key(event: KeyboardEvent): void {
    if (event.key === "ArrowDown") choose(Math.min(found.length - 1, at + 1));
    else if (event.key === "ArrowUp") choose(Math.max(0, at - 1));
    else if (event.key === "Enter" && chosen) onPick(chosen.text);
    else if (event.key === "Escape" || (event.key === "Backspace" && !query)) onClose();
    else return;
    event.preventDefault();
  }

  return (
    <div class="canned" role="group" aria-label={T.cannedOpen}>
      <div class="canned-head">
        <input ref={field} type="text" role="combobox" aria-expanded="true" aria-controls="canned-list"
          aria-activedescendant={chosen ? `canned-${chosen.id}` : undefined} aria-autocomplete="list"
          aria-label={T.cannedSearch} placeholder={T.cannedSearch} value={query} onKeyDown={key}
          onInput={(event) => { seek(event.currentTarget.value.replace(/^\//, "")); choose(0); }} />
        <select aria-label={T.cannedLanguage} value={language}
          onChange={(event) => speak(event.currentTarget.value)}>
          {Object.entries(LANGUAGES).map(([code, name]) => <option key={code} value={code}>{name}</option>)}
        </select>
        <button type="button" class="plain" onClick={onClose}>{T.cancel}</button>
      </div>
      {all && !found.length && <p class="soft canned-none" role="status">{T.cannedNone}</p>}
      <ul id="canned-list" ref={list} role="listbox" aria-label={T.cannedOpen} hidden={!found.length}>
        {found.map((one) => (
          <li key={one.id} id={`canned-${one.id}`} role="option" aria-selected={one === chosen}
            onClick={() => onPick(one.text)}>
            <span class="canned-title"><strong>{one.title}</strong>
              {one.shortcut && <code>/{one.shortcut}</code>}
              {one.source === "assistant" && <span class="chip">{T.cannedOfAssistant}</span>}</span>
            <span class="canned-text" dir="auto" lang={one.language}>{one.text}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
