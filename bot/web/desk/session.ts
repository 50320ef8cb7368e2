// Who is signed in, and who else is at the desk.

import { signal } from "@preact/signals";
import * as api from "./api";
import { forget } from "./memory";
import type { Mate, Me, Status } from "./protocol";
import { toast } from "./toasts";

export const me = signal<Me | null>(null);
export const phase = signal<"loading" | "out" | "in">("loading");
export const ended = signal(false);
export const team = signal<Mate[]>([]);

export async function begin(): Promise<void> {
  try {
    me.value = await api.me();
    phase.value = "in";
    void meetTeam();
  } catch (error) {
    if (error instanceof api.Refused && error.isUnknown) throw error;
    phase.value = "out";
  }
}

/** The server does not know this session any more. Drafts stay, for the same person. */
export function lapsed(): void {
  if (phase.value !== "in") return;
  ended.value = true;
  phase.value = "out";
}

export async function signOut(): Promise<void> {
  await api.post("/sign-out").catch(() => {});
  forget();
  location.hash = "";
  location.reload();
}

export async function beHere(status: Status): Promise<void> {
  const before = me.value!;
  me.value = { ...before, status };
  try {
    await api.put("/presence", { status });
  } catch (error) {
    me.value = before;
    toast((error as Error).message, "bad");
  }
}

export async function meetTeam(): Promise<void> {
  try {
    team.value = await api.get<Mate[]>("/team");
    // Online is who has the page open, which the answer to signing in could not know yet.
    const mine = team.value.find(({ id }) => id === me.value?.id);
    if (mine && me.value) me.value = { ...me.value, status: mine.status };
  } catch {
    // as it was
  }
}

export function may(permission: "lead" | "admin"): boolean {
  const role = me.value?.role;
  return role === "admin" || (permission === "lead" && role === "lead");
}
