// How the rest of the page puts the cursor into the field for writing.

import { signal } from "@preact/signals";

/** Set by the composer while it is there. */
export const composer = signal<((mode: "reply" | "note") => void) | null>(null);
