// What the address says is open: `#/waiting/ID`, `#/tickets/T-1`, `#/staff`.

import { signal } from "@preact/signals";
import type { View } from "./protocol";
import { VIEWS } from "./texts";

export type Page = View | "tickets" | "reports" | "staff" | "audit" | "webhooks" | "canned" | "profile";
export interface Route { page: Page; id: string | null }

const PAGES = new Set<string>([...Object.keys(VIEWS), "tickets", "reports", "staff", "audit",
  "webhooks", "canned", "profile"]);

function read(): Route {
  const [page = "", id = ""] = location.hash.replace(/^#\/?/, "").split("/");
  try {
    return PAGES.has(page) ? { page: page as Page, id: decodeURIComponent(id) || null }
      : { page: "waiting", id: null };
  } catch {
    return { page: "waiting", id: null };
  }
}

export const route = signal<Route>(read());
addEventListener("hashchange", () => { route.value = read(); });

export function address(page: Page, id?: string | null): string {
  return `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}`;
}

export function go(page: Page, id?: string | null): void { location.hash = address(page, id); }

export function isView(page: Page): page is View { return page in VIEWS; }
