// The agents' desk.

import { effect } from "@preact/signals";
import { render } from "preact";
import * as alerts from "./alerts";
import { whenSignedOut } from "./api";
import { App } from "./app";
import { connect, disconnect } from "./connection";
import * as conversation from "./conversation/store";
import * as inbox from "./inbox/store";
import { listenForKeys } from "./keys";
import { likes } from "./memory";
import { isView, route } from "./route";
import { begin, lapsed, phase } from "./session";

const RETRY_MILLISECONDS = 3_000;
const dark = matchMedia("(prefers-color-scheme: dark)");

function paint(): void {
  const theme = likes.theme.value === "auto" ? (dark.matches ? "dark" : "light") : likes.theme.value;
  document.documentElement.dataset.theme = theme;
}

async function start(): Promise<void> {
  try {
    await begin();
  } catch {
    setTimeout(() => void start(), RETRY_MILLISECONDS);
  }
}

effect(paint);
dark.addEventListener("change", paint);
whenSignedOut(lapsed);
alerts.listenForFirstTouch();
alerts.watch();
listenForKeys();
effect(() => { if (phase.value === "in") connect(); else disconnect(); });
effect(() => { if (phase.value === "in" && inbox.view.value) void inbox.load(); });
effect(() => {
  const { page, id } = route.value;
  if (phase.value === "in") void conversation.show(isView(page) ? id : null);
});
render(<App />, document.getElementById("desk")!);
void start();
