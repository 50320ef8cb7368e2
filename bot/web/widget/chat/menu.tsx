// What is needed now and then: language, transcript, rating, a new conversation.

import { useEffect, useRef } from "preact/hooks";
import { Icon, type IconName } from "../../shared/icons";
import { LANGUAGES } from "../../shared/languages";
import { language, t } from "../../shared/texts";

export interface MenuActions {
  speak(language: string): void;
  save(): void;
  print(): void;
  rate(): void;
  fresh(): void;
}

export function Menu({ actions, started }: { actions: MenuActions; started: boolean }) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current!.querySelector("select")!.focus(), []);
  const item = (icon: IconName, words: string, run: () => void) => (
    <button type="button" class="menu-item" onClick={run}><Icon name={icon} />{words}</button>
  );
  return (
    <section class="menu" ref={box} id="menu" aria-label={t("menu_label")}>
      <label class="menu-item menu-language"><Icon name="world" />{t("language_label")}
        <select value={language} onChange={(event) => actions.speak(event.currentTarget.value)}>
          {Object.entries(LANGUAGES).map(([code, name]) =>
            <option value={code} lang={code} selected={code === language}>{name}</option>)}
        </select>
      </label>
      {started && <>
        {item("save", t("download"), actions.save)}
        {item("print", t("print"), actions.print)}
        {item("star", t("rate_open"), actions.rate)}
        {item("fresh", t("new_conversation"), actions.fresh)}
      </>}
    </section>
  );
}
