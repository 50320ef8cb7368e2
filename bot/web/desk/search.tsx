// Ctrl+K: everything that can be found, and everywhere one can go.

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { Modal } from "./dialogs";
import { Icon, type IconName } from "./icons";
import { nameOf } from "./inbox/row";
import type { Found } from "./protocol";
import { address, type Page } from "./route";
import { may } from "./session";
import { named, T, VIEWS } from "./texts";
import { date } from "./time";

export const searchOpen = signal(false);

const PAUSE_MILLISECONDS = 180;
const SHORTEST = 2;

interface Hit { key: string; group: string; icon: IconName; title: string; more: string; href: string | null }

export function SearchPalette() {
  return searchOpen.value ? (
    <Modal title={T.search} wide onClose={() => { searchOpen.value = false; }}>
      <Palette />
    </Modal>
  ) : null;
}

function places(query: string): Hit[] {
  const all: [Page, string][] = [...Object.entries(VIEWS) as [Page, string][],
    ["tickets", T.tickets], ["profile", T.profile],
    ...(may("lead") ? [["reports", T.reports], ["canned", T.canned]] as [Page, string][] : []),
    ...(may("admin") ? [["staff", T.staff], ["audit", T.audit], ["webhooks", T.webhooks]] as
      [Page, string][] : [])];
  return all.filter(([, name]) => name.toLowerCase().includes(query.toLowerCase()))
    .slice(0, query ? 4 : 12)
    .map(([page, name]) => ({ key: page, group: T.goTo, icon: "back", title: name, more: "", href: address(page) }));
}

function hits(found: Found): Hit[] {
  return [
    ...found.conversations.map(({ row, snippet }): Hit => ({ key: `c${row.id}`, group: T.conversations,
      icon: "chat", title: nameOf(row), more: snippet, href: address("all", row.id) })),
    ...found.tickets.map((ticket): Hit => ({ key: `t${ticket.number}`, group: T.tickets, icon: "ticket",
      title: `${ticket.number} · ${ticket.subject}`, more: named(ticket.state),
      href: address("tickets", ticket.number) })),
    ...found.claims.map((claim): Hit => ({ key: `k${claim.number}`, group: T.claims, icon: "check",
      title: `${claim.number} · ${claim.symptom}`, more: named(claim.state),
      href: claim.conversation_id ? address("all", claim.conversation_id) : null })),
    ...found.orders.map((order): Hit => ({ key: `o${order.order_number}`, group: T.orders, icon: "box",
      title: `${order.order_number} · ${order.customer_name ?? ""}`,
      more: [order.email, order.invoice_date && date(order.invoice_date), named(order.status)]
        .filter(Boolean).join(" · "), href: null })),
  ];
}

function Palette() {
  const [query, seek] = useState("");
  const [found, set] = useState<Found | null>(null);
  const [busy, setBusy] = useState(false);
  const [at, choose] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => { field.current?.focus(); }, []);
  useEffect(() => {
    if (query.trim().length < SHORTEST) { set(null); return undefined; }
    setBusy(true);
    let current = true;
    const timer = setTimeout(() => {
      api.get<Found>(`/search?q=${encodeURIComponent(query.trim())}`)
        .then((answer) => { if (current) set(answer); }, () => { if (current) set(null); })
        .finally(() => { if (current) setBusy(false); });
    }, PAUSE_MILLISECONDS);
    return () => { current = false; clearTimeout(timer); };
  }, [query]);
  const all = [...(found ? hits(found) : []), ...places(query.trim())];
  const chosen = all[Math.min(at, all.length - 1)];
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const open = (hit: Hit | undefined): void => {
    if (!hit?.href) return;
    location.hash = hit.href;
    searchOpen.value = false;
  };

  return (
    <>
      <div class="palette-field"><Icon name="search" />
        <input ref={field} type="text" role="combobox" aria-expanded={all.length > 0}
          aria-controls="found" aria-autocomplete="list" aria-label={T.search} placeholder={T.searchHint}
          aria-activedescendant={chosen ? `hit-${chosen.key}` : undefined} value={query}
          onInput={(event) => { seek(event.currentTarget.value); choose(0); }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") choose(Math.min(all.length - 1, at + 1));
            else if (event.key === "ArrowUp") choose(Math.max(0, at - 1));
            else if (event.key === "Enter") open(chosen);
            else return;
            event.preventDefault();
          }} /></div>
      <p class="soft palette-note" role="status">{query.trim().length < SHORTEST ? T.searchTyping
        : !busy && found && !hits(found).length ? T.searchNone : ""}</p>
      <div id="found" class="palette" ref={list} role="listbox" aria-label={T.search}>
        {[...new Set(all.map(({ group }) => group))].map((group) => (
          <div role="group" aria-label={group} key={group}>
            <p class="palette-group" aria-hidden="true">{group}</p>
            {all.filter((hit) => hit.group === group).map((hit) => (
              <div key={hit.key} id={`hit-${hit.key}`} role="option" aria-selected={hit === chosen}
                class="hit" onClick={() => open(hit)}>
                <Icon name={hit.icon} /><span class="hit-title" dir="auto">{hit.title}</span>
                <span class="soft clip" dir="auto">{hit.more}</span></div>
            ))}
          </div>
        ))}
      </div>
    </>
  );
}
