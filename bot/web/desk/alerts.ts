// What must not be missed: sound, title, icon and notifications. An emergency repeats until
// somebody has looked at it.

import { computed, effect, signal } from "@preact/signals";
import { announce } from "./announce";
import { nameOf } from "./inbox/row";
import * as inbox from "./inbox/store";
import { likes } from "./memory";
import type { Alert } from "./protocol";
import { address, go, route } from "./route";
import { phase } from "./session";
import { T } from "./texts";
import { toast } from "./toasts";

const REPEAT_MILLISECONDS = 4_000;
const TOGETHER_MILLISECONDS = 1_000;
const BLINK_MILLISECONDS = 1_000;
/** Frequency, start and length of the tones, in hertz and seconds. */
const CALM = [[660, 0, 0.14], [880, 0.15, 0.22]] as const;
const URGENT = [[988, 0, 0.16], [740, 0.2, 0.16], [988, 0.4, 0.16], [740, 0.6, 0.3]] as const;

let audio: AudioContext | null = null;
/** Emergencies that were told of and not looked at in this tab. */
const unseen = signal(new Map<string, string>());

export const waitingEmergencies = computed(() => {
  const all = new Map(unseen.value);
  for (const row of inbox.emergencies.value) all.set(row.id, nameOf(row));
  return all;
});

/** Browsers allow sound after somebody has touched the page. */
export function listenForFirstTouch(): void {
  const wake = (): void => {
    audio ??= new AudioContext();
    void audio.resume();
  };
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, wake, { capture: true });
}

let soundedAt = -REPEAT_MILLISECONDS;

function sound(tones: typeof CALM | typeof URGENT): void {
  if (!likes.sound.peek() || !audio || audio.state === "suspended") return;
  // Many who come at once are one sound; an emergency is always heard.
  if (tones === CALM && performance.now() - soundedAt < TOGETHER_MILLISECONDS) return;
  soundedAt = performance.now();
  for (const [frequency, start, length] of tones) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const at = audio.currentTime + start;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.16, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + length);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + length);
  }
}

export function heard(alert: Alert): void {
  const { kind, conversation_id: id, text } = alert;
  const urgent = kind === "emergency";
  if (urgent && !isOpen(id)) unseen.value = new Map(unseen.peek()).set(id, text);
  announce(text, urgent);
  sound(urgent ? URGENT : CALM);
  if (kind !== "waiting" && !urgent) toast(text, "good", id ? address("all", id) : undefined);
  if (likes.notify.peek() && document.hidden && "Notification" in window
    && Notification.permission === "granted") {
    const shown = new Notification(T.product, { body: text, tag: id, requireInteraction: urgent });
    shown.onclick = () => { focus(); go(urgent ? "emergencies" : "waiting", id); shown.close(); };
  }
  void inbox.load();
}

/** The same agent's other tabs: what was looked at in one of them has been looked at. */
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("desk.seen") : null;
tabs?.addEventListener("message", ({ data }) => forgetUnseen(String(data)));

const isOpen = (id: string): boolean => route.peek().id === id && !document.hidden;

export function seen(id: string): void {
  if (document.hidden) return;
  tabs?.postMessage(id);
  forgetUnseen(id);
}

function forgetUnseen(id: string): void {
  if (!unseen.peek().has(id)) return;
  const rest = new Map(unseen.peek());
  rest.delete(id);
  unseen.value = rest;
}

/** Keeps title, icon and the repeated sound in step with who waits. */
export function watch(): void {
  let blink = false;
  const paint = (): void => {
    if (phase.peek() !== "in") { document.title = T.product; return; }
    const urgent = waitingEmergencies.peek().size;
    const waiting = inbox.counts.peek().waiting;
    document.title = urgent && !blink ? T.emergencyTitle(urgent)
      : waiting || urgent ? T.waitingTitle(Math.max(waiting, urgent)) : T.product;
  };
  effect(() => {
    if (phase.value === "in") badge(inbox.counts.value.waiting, waitingEmergencies.value.size > 0);
    paint();
  });
  effect(() => { if (route.value.id) seen(route.value.id); });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && route.peek().id) seen(route.peek().id!);
  });
  setInterval(() => { blink = !blink && document.hidden; paint(); }, BLINK_MILLISECONDS);
  setInterval(() => { if (unseen.peek().size) sound(URGENT); }, REPEAT_MILLISECONDS);
  // Taken by somebody, or handed back: nobody has to be called any more.
  effect(() => {
    for (const id of unseen.value.keys()) {
      const row = inbox.rowOf(id);
      if (row && row.owner !== "queued") forgetUnseen(id);
    }
  });
}

let painted = "";

function badge(count: number, urgent: boolean): void {
  const state = `${Math.min(count, 10)} ${urgent}`;
  if (state === painted) return;
  painted = state;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.fillStyle = urgent ? "#b3160f" : "#0a5258";
  pen.beginPath();
  pen.roundRect?.(0, 0, 64, 64, 16);
  pen.fill();
  pen.fillStyle = urgent ? "#ffffff" : "#ffb454";
  if (count || urgent) {
    pen.font = "700 40px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(count > 9 ? "9+" : String(count || "!"), 32, 35);
  } else {
    pen.fill(new Path2D("M16 46 30 14l18 32-17.2-8z"));
  }
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (link) link.href = canvas.toDataURL("image/png");
}
