// Short words about what was just done, or could not be.

import { signal } from "@preact/signals";

interface Toast { id: number; text: string; tone: "good" | "bad"; href?: string }

const STAYS_MILLISECONDS = 6_000;
const shown = signal<Toast[]>([]);
let ids = 0;

/** `href`: where it leads. */
export function toast(text: string, tone: Toast["tone"] = "good", href?: string): void {
  const id = (ids += 1);
  shown.value = [...shown.value.filter((one) => one.text !== text), { id, text, tone, href }].slice(-3);
  setTimeout(() => { shown.value = shown.value.filter((one) => one.id !== id); }, STAYS_MILLISECONDS);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.value.map(({ id, text, tone, href }) => <p key={id} class={`toast toast-${tone}`}>
        {href ? <a href={href}>{text}</a> : text}</p>)}
    </div>
  );
}
