// What a screen reader hears without being there: politely, or at once for emergencies.

import { signal } from "@preact/signals";

const polite = signal("");
const urgent = signal("");

export function announce(text: string, atOnce = false): void {
  const region = atOnce ? urgent : polite;
  // The same words again are news again only if they were gone in between.
  region.value = "";
  setTimeout(() => { region.value = text; }, 60);
}

export function Announcer() {
  return (
    <>
      <p class="hidden-words" aria-live="polite">{polite.value}</p>
      <p class="hidden-words" aria-live="assertive">{urgent.value}</p>
    </>
  );
}
