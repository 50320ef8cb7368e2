// The rows of the open view, brought up to date by what the server tells.

import { computed, signal } from "@preact/signals";
import * as api from "../api";
import type { Counts, Inbox, Row, View } from "../protocol";
import { isView, route } from "../route";
import { me } from "../session";
import { now } from "../time";

const NO_COUNTS: Counts = { waiting: 0, mine: 0, emergencies: 0, all: 0, snoozed: 0 };

const known = signal(new Map<string, Row>());
export const counts = signal<Counts>(NO_COUNTS);
export const next = signal<string | null>(null);
export const loadedView = signal<View | null>(null);
export const trouble = signal("");

/** The view that the list shows; it stays while a page without a list is open. */
export const view = signal<View>("waiting");
route.subscribe(({ page }) => { if (isView(page) && view.peek() !== page) view.value = page; });

const sleeping = (row: Row): boolean => Date.parse(row.snoozed_until ?? "") > now.peek();

const BELONGS: Record<View, (row: Row) => boolean> = {
  waiting: (row) => row.owner === "queued" && !sleeping(row),
  mine: (row) => row.owner === "agent" && row.agent?.id === me.peek()?.id && !sleeping(row),
  emergencies: (row) => row.emergency && row.owner !== "bot",
  snoozed: sleeping,
  all: () => true,
};

function order(a: Row, b: Row): number {
  const open = (row: Row): number => Number(row.emergency && row.owner !== "bot");
  if (open(a) !== open(b)) return open(b) - open(a);
  if (a.waiting_since && b.waiting_since && view.peek() === "waiting") {
    return a.waiting_since.localeCompare(b.waiting_since);
  }
  return (b.last?.sent_at ?? "").localeCompare(a.last?.sent_at ?? "");
}

/** In the order of their need. What is open stays listed after it left the view. */
export const rows = computed<Row[]>(() => {
  const wanted = BELONGS[view.value];
  const open = route.value.id;
  return [...known.value.values()].filter((row) => wanted(row) || row.id === open).sort(order);
});

export function belongs(row: Row): boolean { return BELONGS[view.value](row); }
export function rowOf(id: string | null): Row | undefined { return id ? known.value.get(id) : undefined; }

/** Whoever waits and was never answered: for alerts. */
export const emergencies = computed<Row[]>(() =>
  [...known.value.values()].filter((row) => row.emergency && row.owner === "queued"));

let asked = 0;
/** The view that is on its way, and whether it has to be asked for anew when it is here. */
let coming: View | null = null;
let begun = 0;
let again = false;
/** Longer than this an answer is not waited for: the line may have been cut. */
const SOON_MILLISECONDS = 2_000;

export async function load(more = false): Promise<void> {
  const wanted = view.peek();
  if (!more && coming === wanted && Date.now() - begun < SOON_MILLISECONDS) {
    // Many alerts at once must not keep the list from ever being there.
    again = true;
    return;
  }
  coming = wanted;
  begun = Date.now();
  const mine = (asked += 1);
  const after = more && next.peek() ? `&after=${encodeURIComponent(next.peek()!)}` : "";
  try {
    const found = await api.get<Inbox>(`/inbox?view=${wanted}${after}`);
    if (mine !== asked) return;
    const kept = more ? [...known.peek().values()] : [...known.peek().values()].filter(
      (row) => row.id === route.peek().id || (row.emergency && row.owner === "queued"
        && wanted !== "emergencies" && wanted !== "waiting" && wanted !== "all"));
    known.value = new Map([...kept, ...found.rows].map((row) => [row.id, row]));
    counts.value = { ...NO_COUNTS, ...found.counts };
    next.value = found.next;
    loadedView.value = wanted;
    trouble.value = "";
  } catch (error) {
    if (mine === asked) trouble.value = (error as Error).message;
  } finally {
    if (mine === asked) {
      coming = null;
      if (again) {
        again = false;
        void load();
      }
    }
  }
}

/** Rows that changed. An older one, overtaken on its way, changes nothing. */
export function changed(some: readonly Row[], its?: Counts): void {
  const all = new Map(known.peek());
  for (const row of some) {
    const had = all.get(row.id);
    if (!had || row.epoch >= had.epoch) all.set(row.id, row);
  }
  known.value = all;
  if (its) counts.value = { ...NO_COUNTS, ...its };
}

export function gone(ids: readonly string[]): void {
  const all = new Map(known.peek());
  for (const id of ids) all.delete(id);
  known.value = all;
}
