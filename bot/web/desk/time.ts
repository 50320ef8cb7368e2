// Moments and spans as people at the desk read them; a clock that ticks for what waits.

import { signal } from "@preact/signals";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Milliseconds; everything that shows a span reads it, and is shown anew with it. */
export const now = signal(Date.now());
setInterval(() => { now.value = Date.now(); }, 1000);

/** Seconds since a moment; negative for one to come. */
export function since(iso: string | null | undefined): number {
  const moment = Date.parse(iso ?? "");
  return Number.isNaN(moment) ? 0 : Math.floor((now.value - moment) / 1000);
}

/** "0:42", "12 min", "3 h 05", "4 d". */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 10 * MINUTE) {
    return `${Math.floor(whole / MINUTE)}:${String(whole % MINUTE).padStart(2, "0")}`;
  }
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < DAY) {
    return `${Math.floor(whole / HOUR)} h ${String(Math.floor(whole % HOUR / MINUTE)).padStart(2, "0")}`;
  }
  return `${Math.floor(whole / DAY)} d`;
}

/** The same in words that a screen reader says well. */
export function spoken(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [count, unit] = whole < 2 * MINUTE ? [whole, "second"] : whole < 2 * HOUR
    ? [Math.floor(whole / MINUTE), "minute"] : whole < 2 * DAY
      ? [Math.floor(whole / HOUR), "hour"] : [Math.floor(whole / DAY), "day"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

const SHORT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** "14:05". */
export function clock(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? "" : CLOCK.format(at);
}

/** "23 Nov, 14:05". */
export function moment(iso: string | null | undefined): string {
  const at = Date.parse(iso ?? "");
  return Number.isNaN(at) ? "" : SHORT.format(at);
}

/** A calendar date, the same in every time zone: "1 Mar 2027". */
export function date(iso: string | null | undefined): string {
  const [year, month, day] = (iso ?? "").slice(0, 10).split("-").map(Number);
  return year && month && day ? DATE.format(new Date(year, month - 1, day)) : iso ?? "";
}

/** How long ago, as in a list: "now", "5 min", "3 h", "2 d". */
export function ago(iso: string | null | undefined): string {
  const passed = since(iso);
  if (passed < MINUTE) return "now";
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)} h`;
  return `${Math.floor(passed / DAY)} d`;
}
