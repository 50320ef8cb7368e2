// Whether the phone is answered now, in words.

/** "Open now, until 18:00", "Closed. Opens Monday 09:00" and so on, with the shop's time zone. */
export function openingWords(contact) {
  const place = contact.timezone.split("/").pop().replaceAll("_", " ");
  if (contact.open_now) {
    return contact.closes_at
      ? `Open now, until ${clock(contact.closes_at, contact.timezone)} ${place} time`
      : "Open now, day and night";
  }
  if (!contact.opens_at) return "Closed";
  return `Closed. Opens ${day(contact.opens_at, contact.timezone)} `
    + `${clock(contact.opens_at, contact.timezone)} ${place} time${here(contact)}`;
}

/** The working hours as they are set, readable. */
export function hoursWords(contact) {
  if (contact.working_hours === "24/7") return "Day and night, every day";
  if (contact.working_hours.toLowerCase() === "closed") return "Not answered at present";
  const place = contact.timezone.split("/").pop().replaceAll("_", " ");
  return `${contact.working_hours.replaceAll("-", "–")} (${place} time)`;
}

function here(contact) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const there = `${day(contact.opens_at, contact.timezone)} ${clock(contact.opens_at, contact.timezone)}`;
  const mine = `${day(contact.opens_at, own)} ${clock(contact.opens_at, own)}`;
  return mine === there ? "" : ` (${mine} where you are)`;
}

function clock(iso, timeZone) {
  return new Date(iso).toLocaleTimeString("en-GB", {
    hour: "2-digit", minute: "2-digit", timeZone,
  });
}

function day(iso, timeZone) {
  // Never "today": it may be another day where the shop is.
  return new Date(iso).toLocaleDateString("en-GB", { weekday: "long", timeZone });
}
