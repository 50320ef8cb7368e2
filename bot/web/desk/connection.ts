// The socket: tells that somebody is here, and hears what changes. Only a doorbell; whatever it
// may have missed is asked for again when it is back.

import { signal } from "@preact/signals";
import { io, type Socket } from "socket.io-client";
import * as alerts from "./alerts";
import * as conversation from "./conversation/store";
import * as inbox from "./inbox/store";
import type { Alert, Counts, Happening, Message, Note, Row } from "./protocol";
import { flush } from "./replies";
import { route } from "./route";
import { lapsed, meetTeam } from "./session";

const BEAT_MILLISECONDS = 10_000;
const TEAM_MILLISECONDS = 30_000;
/** Without a key or a move for this long, nobody is in front of the page. */
const IDLE_MILLISECONDS = 5 * 60_000;
const RETRY_MILLISECONDS = 3_000;

export const line = signal<"up" | "connecting" | "offline">("connecting");

type InView<T> = { conversation_id: string } & T;

let socket: Socket | null = null;
let lastTouch = Date.now();
let timers: ReturnType<typeof setInterval>[] = [];

export function connect(): void {
  if (socket) return;
  const mine = socket = io({
    path: "/desk/socket.io", withCredentials: true, transports: ["websocket", "polling"],
    tryAllTransports: true, reconnectionDelay: 500, reconnectionDelayMax: 8_000, timeout: 12_000,
  });
  mine.on("connect", () => {
    line.value = "up";
    beat();
    tellView();
    catchUp();
  });
  const down = (): void => {
    line.value = navigator.onLine ? "connecting" : "offline";
    if (!mine.active) {
      setTimeout(() => { if (socket === mine) mine.connect(); }, RETRY_MILLISECONDS);
    }
  };
  mine.on("disconnect", down);
  mine.on("connect_error", down);
  hear(mine);
  timers = [setInterval(beat, BEAT_MILLISECONDS), setInterval(() => void meetTeam(), TEAM_MILLISECONDS)];
  for (const name of ["keydown", "pointermove", "pointerdown"]) addEventListener(name, touched, true);
  document.addEventListener("visibilitychange", looked);
  addEventListener("online", looked);
  addEventListener("offline", down);
}

export function disconnect(): void {
  socket?.disconnect();
  socket = null;
  timers.forEach(clearInterval);
}

function hear(mine: Socket): void {
  mine.on("changed", ({ rows, counts }: { rows: Row[]; counts: Counts }) => {
    inbox.changed(rows, counts);
    rows.forEach(conversation.rowChanged);
  });
  mine.on("gone", ({ ids }: { ids: string[] }) => inbox.gone(ids));
  mine.on("message", ({ conversation_id: id, message }: InView<{ message: Message }>) =>
    conversation.said(id, message));
  mine.on("note", ({ conversation_id: id, note, ...rest }: InView<{ note?: Note }>) =>
    conversation.noted(id, note ?? rest as unknown as Note));
  mine.on("happening", ({ conversation_id: id, happening, ...rest }:
  InView<{ happening?: Happening }>) => {
    conversation.happened(id, happening ?? rest as unknown as Happening);
    // Whoever has it now, and what was settled, stands in the whole.
    if (route.peek().id === id) void conversation.refresh();
  });
  mine.on("viewers", ({ conversation_id: id, viewers }: InView<{ viewers: Row["viewers"] }>) => {
    if (route.peek().id === id) conversation.viewers.value = viewers;
  });
  mine.on("user_typing", ({ conversation_id: id, on }: InView<{ on: boolean }>) =>
    conversation.typed(id, on));
  mine.on("alert", (alert: Alert) => alerts.heard(alert));
  mine.on("signed_out", lapsed);
}

function beat(): void {
  const active = !document.hidden && Date.now() - lastTouch < IDLE_MILLISECONDS;
  if (socket?.connected) socket.emit("beat", { active });
}

function touched(): void {
  const rested = Date.now() - lastTouch > IDLE_MILLISECONDS;
  lastTouch = Date.now();
  if (rested) beat();
}

function looked(): void {
  if (document.hidden) return;
  touched();
  beat();
  if (socket?.connected) catchUp();
  else if (socket && !socket.active) socket.connect();
}

function catchUp(): void {
  void inbox.load();
  void conversation.resume();
  void meetTeam();
  void flush();
}

function tellView(): void {
  socket?.emit("view", { conversation_id: route.peek().id && viewing() ? route.peek().id : null });
}

const viewing = (): boolean => route.peek().page in inbox.counts.peek();

route.subscribe(() => { if (socket?.connected) tellView(); });

export function tellTyping(id: string, on: boolean): void {
  if (socket?.connected) socket.emit("typing", { conversation_id: id, on });
}
