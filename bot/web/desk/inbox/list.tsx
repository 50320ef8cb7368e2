// The list of conversations of a view.

import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../icons";
import { belongs, counts, load, loadedView, next, rows, trouble, view } from "./store";
import type { View } from "../protocol";
import { address, route } from "../route";
import { EMPTY, T, VIEWS } from "../texts";
import { InboxRow } from "./row";

export function InboxList() {
  const list = useRef<HTMLDivElement>(null);
  const open = route.value.id;
  useEffect(() => {
    list.current?.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }, [open]);
  const loaded = loadedView.value === view.value;
  return (
    <section class="inbox" aria-label={T.inbox}>
      <header class="inbox-head">
        <h2>{VIEWS[view.value]}</h2>
        <span class="soft">{loaded ? rows.value.filter(belongs).length : ""}</span>
      </header>
      <nav class="inbox-tabs" aria-label={T.views}>
        {(Object.keys(VIEWS) as View[]).map((one) => (
          <a key={one} href={address(one)} class="tab"
            aria-current={route.value.page === one ? "page" : undefined}>{VIEWS[one]}
            {one !== "all" && counts.value[one] > 0 && <b class="count">{counts.value[one]}</b>}</a>
        ))}
      </nav>
      <div class="inbox-scroll" ref={list} tabIndex={-1}>
        {trouble.value && <p class="problem" role="alert">{trouble.value} <button type="button"
          class="link" onClick={() => void load()}>{T.retry}</button></p>}
        {loaded && !rows.value.length && !trouble.value && <div class="empty">
          <Icon name="check" /><p>{EMPTY[view.value]}</p></div>}
        <ul class="rows" aria-busy={!loaded}>
          {rows.value.map((row) => <InboxRow key={row.id} row={row} open={row.id === open} />)}
        </ul>
        {next.value && <button type="button" class="plain more"
          onClick={() => void load(true)}>{T.more}</button>}
      </div>
    </section>
  );
}
