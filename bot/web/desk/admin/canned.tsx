// The shop's canned replies, in every language they are written in.

import { useState } from "preact/hooks";
import { LANGUAGES } from "../../shared/languages";
import * as api from "../api";
import { openForm } from "../dialogs";
import { Icon } from "../icons";
import type { Canned } from "../protocol";
import { T } from "../texts";
import { useList } from "./use_list";

type Editable = Canned & { texts?: Record<string, string> };

export function CannedReplies() {
  const { rows, problem, reload } = useList<Editable>("/canned?language=en");
  const [query, seek] = useState("");
  const found = rows.filter((one) => `${one.shortcut} ${one.title} ${one.text}`.toLowerCase()
    .includes(query.toLowerCase()));
  const own = found.filter(({ source }) => source === "shop");
  return (
    <>
      <header class="page-head"><h1>{T.canned}</h1>
        <div class="filters"><label>{T.filter}<input type="text" value={query}
          onInput={(event) => seek(event.currentTarget.value)} /></label></div>
        <div class="page-do"><button type="button" class="solid" onClick={() => edit(null, reload)}>
          <Icon name="plus" />{T.addCanned}</button></div></header>
      {problem && <p class="problem" role="alert">{problem}</p>}
      <ul class="canned-list">
        {own.map((one) => <li class="card-box" key={one.id}>
          <p class="card-top"><strong dir="auto">{one.title}</strong><code>/{one.shortcut}</code></p>
          <p dir="auto">{one.texts?.en ?? one.text}</p>
          <p class="chips">{one.languages.map((code) => <span class="chip chip-language" key={code}>
            {code.toUpperCase()}</span>)}</p>
          <div class="claim-do">
            <button type="button" class="quiet" aria-label={`${T.editPerson} ${one.title}`}
              onClick={() => edit(one, reload)}>{T.editPerson}</button>
            <button type="button" class="quiet quiet-bad" aria-label={`${T.removeIt} ${one.title}`}
              onClick={() => openForm({
                title: T.removeAsk(one.title), submit: T.removeIt, tone: "bad", fields: [],
                act: async () => { await api.remove(`/canned/${one.id}`); reload(); },
              })}>{T.removeIt}</button></div></li>)}
      </ul>
      <p class="soft">{T.shopOnly}</p>
    </>
  );
}

function edit(one: Editable | null, then: () => void): void {
  const texts = one?.texts ?? {};
  openForm({
    title: one?.title ?? T.addCanned, submit: T.save, intro: T.textsHint,
    fields: [
      { name: "shortcut", label: T.shortcut, kind: "text", required: true, value: one?.shortcut },
      { name: "title", label: T.title, kind: "text", required: true, value: one?.title },
      ...Object.entries(LANGUAGES).sort(([a], [b]) => Number(b === "en") - Number(a === "en"))
        .map(([code, name]) => ({ name: `text-${code}`, label: name, kind: "area" as const,
          value: texts[code], required: code === "en" })),
    ],
    act: async (values) => {
      const body = { shortcut: values.shortcut, title: values.title,
        texts: Object.fromEntries(Object.keys(LANGUAGES).filter((code) => values[`text-${code}`]?.trim())
          .map((code) => [code, values[`text-${code}`]!.trim()])) };
      await (one ? api.put(`/canned/${one.id}`, body) : api.post("/canned", body));
      then();
    },
  });
}
