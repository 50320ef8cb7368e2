// Moments, sizes and opening hours in the customer's language.

import type { Contact } from "./protocol";
import { language, t } from "./texts";

const DAY = 86_400_000;
const WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

function date(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(language, options);
}

function good(iso: string): Date | null {
  const moment = new Date(iso);
  return Number.isNaN(moment.getTime()) ? null : moment;
}

export function timeOf(iso: string): string {
  const moment = good(iso);
  return moment ? date({ hour: "numeric", minute: "2-digit" }).format(moment) : "";
}

/** "Today", "Yesterday" or the date. */
export function dayOf(iso: string, now = new Date()): string {
  const moment = good(iso);
  if (!moment) return "";
  const days = Math.round((midnight(moment) - midnight(now)) / DAY);
  if (days === 0 || days === -1) {
    const near = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day");
    return near.charAt(0).toLocaleUpperCase(language) + near.slice(1);
  }
  return date({
    weekday: "long", day: "numeric", month: "long",
    ...(moment.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }),
  }).format(moment);
}

function midnight(moment: Date): number {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}

/** A calendar date such as 2027-03-01, the same in every time zone. */
export function calendarDate(iso: string): string {
  const moment = good(`${iso.slice(0, 10)}T12:00:00Z`);
  return moment ? date({ day: "numeric", month: "long", year: "numeric", timeZone: "UTC" })
    .format(moment) : iso;
}

export function momentInWords(iso: string): string {
  const moment = good(iso);
  return moment ? date({ weekday: "long", day: "numeric", month: "long", hour: "numeric",
    minute: "2-digit" }).format(moment) : iso;
}

export function fullDate(moment: Date): string {
  return date({ dateStyle: "long" } as Intl.DateTimeFormatOptions).format(moment);
}

export function bytes(count: number): string {
  const large = count >= 1e6;
  return new Intl.NumberFormat(language, {
    style: "unit", unit: large ? "megabyte" : "kilobyte", unitDisplay: "short",
    maximumFractionDigits: large && count < 1e7 ? 1 : 0,
  }).format(Math.max(1, count / (large ? 1e6 : 1e3)));
}

export function percent(share: number): string {
  return new Intl.NumberFormat(language, { style: "percent" }).format(share);
}

export function minutes(count: number): string {
  return new Intl.NumberFormat(language, { style: "unit", unit: "minute", unitDisplay: "long" })
    .format(count);
}

/** "Open now, until 18:00", "Closed. Opens Monday at 09:00" and so on, in the shop's time. */
export function opening(contact: Contact): string {
  const place = placeOf(contact);
  if (contact.open_now) {
    return contact.closes_at
      ? t("open_until", { time: at(contact.closes_at, contact.timezone), place }) : t("open_always");
  }
  if (!contact.opens_at) return t("closed");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const day = weekday(contact.opens_at, contact.timezone);
  const time = at(contact.opens_at, contact.timezone);
  // Never "tomorrow": it may be another day where the shop is.
  const local = date({ weekday: "long", hour: "numeric", minute: "2-digit", timeZone: own })
    .format(new Date(contact.opens_at));
  return weekday(contact.opens_at, own) === day && at(contact.opens_at, own) === time
    ? t("opens", { day, time, place }) : t("opens_local", { day, time, place, local });
}

/** The working hours as they are set, with the days in the customer's language. */
export function hours(contact: Contact): string {
  if (contact.working_hours === "24/7") return t("hours_always");
  if (contact.working_hours.toLowerCase() === "closed") return t("hours_never");
  const days = contact.working_hours.replace(/[A-Za-z]{3}/g, (name) => {
    const at = WEEK.findIndex((one) => one.toLowerCase() === name.toLowerCase());
    // 1 January 2024 was a Monday.
    return at < 0 ? name
      : date({ weekday: "short", timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, 1 + at)));
  });
  return t("hours", { hours: days.replaceAll("-", "–"), place: placeOf(contact) });
}

function placeOf(contact: Contact): string {
  return contact.timezone.split("/").pop()!.replaceAll("_", " ");
}

function at(iso: string, timeZone: string): string {
  return date({ hour: "numeric", minute: "2-digit", timeZone }).format(new Date(iso));
}

function weekday(iso: string, timeZone: string): string {
  return date({ weekday: "long", timeZone }).format(new Date(iso));
}
