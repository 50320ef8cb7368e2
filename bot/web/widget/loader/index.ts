// The one line on the shop's page: <script src="https://…/widget.js" async></script>

import { Frame, type FromChat } from "./frame";
import { pickLanguage } from "./labels";
import { Launcher } from "./launcher";
import { keep, recall, remember } from "./memory";
import { type ChatWindow, type OpenOptions, type Options, readOptions } from "./options";

declare global {
  interface Window { aftersaleChat?: Partial<ChatWindow> }
}

const LINK = "#aftersale-chat";

function start(script: HTMLScriptElement): void {
  const origin = new URL(script.src).origin;
  let options: Options = readOptions(window.aftersaleChat, script.dataset);
  let frame: Frame | null = null;
  let opener: HTMLElement | null = null;
  const launcher = new Launcher(() => open(), () => close());

  const language = (): string => pickLanguage(
    [options.language, document.documentElement.lang, ...navigator.languages]);

  function load(): Frame {
    if (frame) return frame;
    frame = new Frame(origin, launcher.dialog.getAttribute("aria-label")!, heard);
    launcher.dialog.append(frame.element);
    return frame;
  }

  function heard(message: FromChat): void {
    if (message.type === "close") close();
    else if (message.type === "unread") launcher.unread(message.count, message.alarm);
    else if (message.type === "keep") keep(message.token);
    else {
      // Also after the page was rebuilt around it, which loads the frame anew.
      frame!.tell({ type: "options", options, language: language(), token: recall().token });
      if (launcher.isOpen) frame!.tell({ type: "open", focus: false });
    }
  }

  function open(more: OpenOptions = {}, focus = true): void {
    const page = load();
    if (!launcher.isOpen) {
      const active = deepest();
      opener = active && active !== document.body ? active : null;
      launcher.show(focus);
      remember(true);
    }
    if (focus) page.element.focus();
    page.tell({ type: "open", focus, text: more.text });
  }

  function close(): void {
    if (!launcher.isOpen) return;
    launcher.hide();
    launcher.look(options, language());
    frame?.tell({ type: "closed" });
    remember(false);
    const back = opener?.isConnected && opener !== launcher.host ? opener : launcher.button;
    back.focus({ preventScroll: true });
  }

  const api: Pick<ChatWindow, "open" | "close" | "toggle" | "update"> = {
    open: (more) => open(more),
    close,
    toggle: () => (launcher.isOpen ? close() : open()),
    update(changed) {
      options = { ...options, ...readOptions(changed, {}) };
      launcher.look(options, language());
      frame?.tell({ type: "options", options, language: language() });
    },
  };
  window.aftersaleChat = Object.assign(window.aftersaleChat ?? {}, api);

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey) return;
    const way = event.composedPath().find((node): node is HTMLElement =>
      node instanceof HTMLElement && opens(node, options.openOn));
    if (!way) return;
    event.preventDefault();
    way.focus();
    open();
  });
  addEventListener("hashchange", () => { if (location.hash === LINK) open(); });

  // Pages that swap their whole body (Turbo, htmx) or render it anew (React) take it off the page.
  const watch = new MutationObserver(stay);
  function stay(): void {
    if (!launcher.host.isConnected) document.body.append(launcher.host);
    watch.observe(document.body, { childList: true });
  }
  watch.observe(document.documentElement, { childList: true });
  launcher.look(options, language());
  stay();

  const before = recall();
  if (location.hash === LINK) open();
  else if (before.open && !launcher.full) open({}, false);
  // A later page of a visitor with a conversation: listens, so that the button can show a reply.
  else if (before.started) whenIdle(load);
}

function opens(node: HTMLElement, selector: string | undefined): boolean {
  try {
    return node.matches(`a[href$="${LINK}"]`) || (selector !== undefined && node.matches(selector));
  } catch {
    return false; // not a selector
  }
}

/** What has the focus, also inside the shop's own shadow roots. */
function deepest(): HTMLElement | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active instanceof HTMLElement ? active : null;
}

function whenIdle(run: () => unknown): void {
  const idle = (window as { requestIdleCallback?: (run: () => void) => void }).requestIdleCallback;
  const later = (): unknown => (idle ? idle(() => run()) : setTimeout(run, 1500));
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && !window.aftersaleChat?.open) {
  if (document.body) start(script);
  else document.addEventListener("DOMContentLoaded", () => start(script), { once: true });
}
