// Where one can go, how many wait there, and who is at the desk.

import { takeNext } from "./actions";
import { helpOpen } from "./help";
import { Icon, type IconName } from "./icons";
import { counts, emergencies } from "./inbox/store";
import { likes } from "./memory";
import type { View } from "./protocol";
import { address, isView, type Page, route } from "./route";
import { searchOpen } from "./search";
import { beHere, may, me, team } from "./session";
import { named, T, VIEWS } from "./texts";

const SIGNS: Record<View, IconName> = {
  waiting: "inbox", mine: "person", emergencies: "alert", all: "all", snoozed: "clock",
};

export function Navigation() {
  return (
    <nav class="nav" aria-label={T.product}>
      {isView(route.value.page) && <h1 class="hidden-words">{T.inbox}</h1>}
      <a class="brand" href={address("waiting")}>
        <img src="/desk/icon.svg" alt="" width="26" height="26" /><span>{T.product}</span>
      </a>
      <button type="button" class="nav-next" onClick={() => void takeNext()} title={`${T.queueNext} (N)`}>
        <Icon name="bolt" /><span>{T.queueNext}</span>
      </button>
      <button type="button" class="nav-item" onClick={() => { searchOpen.value = true; }}
        title={`${T.search} (Ctrl K)`}>
        <Icon name="search" /><span>{T.search}</span><kbd>Ctrl K</kbd>
      </button>
      <p class="nav-heading">{T.views}</p>
      <ul>
        {(Object.keys(VIEWS) as View[]).map((view) => <Item key={view} page={view} icon={SIGNS[view]}
          label={VIEWS[view]} count={view === "all" ? 0 : counts.value[view]} />)}
      </ul>
      <p class="nav-heading">{T.work}</p>
      <ul>
        <Item page="tickets" icon="ticket" label={T.tickets} />
        {may("lead") && <Item page="reports" icon="chart" label={T.reports} />}
        {may("lead") && <Item page="canned" icon="slash" label={T.canned} />}
      </ul>
      {may("admin") && <>
        <p class="nav-heading">{T.manage}</p>
        <ul>
          <Item page="staff" icon="team" label={T.staff} />
          <Item page="audit" icon="log" label={T.audit} />
          <Item page="webhooks" icon="hook" label={T.webhooks} />
        </ul>
      </>}
      <Team />
      <Foot />
    </nav>
  );
}

function Item({ page, icon, label, count = 0 }:
{ page: Page; icon: IconName; label: string; count?: number }) {
  return (
    <li>
      <a class={`nav-item nav-${page}${page === "emergencies" && emergencies.value.length ? " is-alarm" : ""}`} href={address(page)} title={label}
        aria-current={route.value.page === page ? "page" : undefined}>
        <Icon name={icon} /><span>{label}</span>{count > 0 && <b class="count">{count}</b>}
      </a>
    </li>
  );
}

function Team() {
  const there = team.value.filter((one) => one.status !== "offline" && one.id !== me.value?.id);
  return there.length ? (
    <div class="team">
      <p class="nav-heading">{T.team}</p>
      <ul>
        {there.slice(0, 6).map((one) => (
          <li class="mate" key={one.id} title={`${one.name}: ${named(one.status)}`}>
            <Face name={one.name} status={one.status} />
            <span class="mate-name">{one.name}</span>
            <span class="mate-load" title={`${one.open} of ${one.capacity} conversations`}>
              {one.open}/{one.capacity}</span>
          </li>
        ))}
      </ul>
    </div>
  ) : null;
}

function Foot() {
  const mine = me.value!;
  const on = mine.status === "online";
  return (
    <div class="nav-foot">
      <a class="nav-item nav-me" href={address("profile")} title={T.profile}
        aria-current={route.value.page === "profile" ? "page" : undefined}>
        <Face name={mine.name} status={mine.status} /><span>{mine.name}</span>
      </a>
      <div class="nav-tools">
        <button type="button" class={`status-switch is-${mine.status}`} role="switch" aria-checked={on}
          onClick={() => void beHere(on ? "away" : "online")}>
          <i aria-hidden="true" /><span>{named(on ? "online" : "away")}</span>
        </button>
        <button type="button" class="tool" aria-pressed={likes.sound.value}
          title={likes.sound.value ? T.soundOn : T.soundOff} aria-label={T.sound}
          onClick={() => { likes.sound.value = !likes.sound.value; }}>
          <Icon name={likes.sound.value ? "bell" : "bellOff"} />
        </button>
        <button type="button" class="tool" aria-label={T.help} title={`${T.help} (?)`}
          onClick={() => { helpOpen.value = true; }}><Icon name="keyboard" /></button>
      </div>
    </div>
  );
}

/** The initials of somebody, on a colour that is always theirs. */
export function Face({ name, status }: { name: string; status?: string }) {
  const letters = name.split(/\s+/).filter(Boolean).map((word) => [...word][0]!).slice(0, 2).join("");
  const colour = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % 6, 7);
  return (
    <span class={`face face-${colour}`} aria-hidden="true">{letters.toLocaleUpperCase()}
      {status && <i class={`dot is-${status}`} />}</span>
  );
}
