// The button, and the dialog that holds the iframe: beside the page, on a phone over all of it.

import { colours } from "./colour";
import { labels } from "./labels";
import type { Options } from "./options";
import { dress } from "./style";

const SVG = "http://www.w3.org/2000/svg";
const FULL = matchMedia("(max-width:600px),(max-height:520px)");

function make<K extends keyof HTMLElementTagNameMap>(tag: K, parent: Node,
  className = ""): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  parent.appendChild(element);
  return element;
}

export class Launcher {
  readonly host = document.createElement("div");
  readonly button: HTMLButtonElement;
  readonly dialog: HTMLDialogElement;
  private readonly box: HTMLElement;
  private readonly words: HTMLElement;
  private readonly count: HTMLElement;
  private language = "en";
  private label = "";

  constructor(clicked: () => void, cancelled: () => void) {
    this.host.id = "aftersale-chat-widget";
    const root = this.host.attachShadow({ mode: "open" });
    dress(root);
    this.box = make("section", root);
    this.button = make("button", this.box);
    this.button.type = "button";
    this.button.setAttribute("aria-haspopup", "dialog");
    this.button.append(picture());
    this.words = make("span", this.button, "words");
    this.count = make("span", this.button, "count");
    this.dialog = make("dialog", this.box);
    this.button.addEventListener("click", clicked);
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      cancelled();
    });
    FULL.addEventListener("change", () => {
      if (this.isOpen) {
        this.hide();
        this.show(true);
      }
    });
    for (const name of ["resize", "scroll"]) {
      window.visualViewport?.addEventListener(name, () => this.fit());
    }
    this.unread(0, false);
  }

  get isOpen(): boolean { return this.dialog.open; }

  get full(): boolean { return FULL.matches; }

  look(options: Options, language: string): void {
    this.language = language;
    this.label = options.label ?? labels(language)[0];
    this.box.className = options.position === "left" ? "left" : "";
    this.box.setAttribute("aria-label", this.label);
    this.box.lang = language;
    this.button.dir = language === "ar" ? "rtl" : "ltr";
    this.words.textContent = this.label;
    this.dialog.setAttribute("aria-label", this.label);
    this.box.hidden = false;
    this.button.hidden = this.isOpen || options.button === "none";
    const chosen = colours(options.colour);
    if (chosen) {
      this.host.style.setProperty("--accent", chosen.accent);
      this.host.style.setProperty("--on", chosen.on);
    }
    this.unread(0, false);
  }

  unread(count: number, alarm: boolean): void {
    this.count.hidden = count === 0;
    this.count.textContent = count > 9 ? "9+" : String(count);
    this.button.classList.toggle("alarm", alarm && count > 0);
    this.button.setAttribute("aria-label", count
      ? labels(this.language)[1].replace("{n}", String(count)) : this.label);
  }

  /** `modal` is for phones, where nothing else can be seen or reached. */
  show(modal: boolean): void {
    if (modal && this.full) this.dialog.showModal();
    // Not show(): it would take the focus away from what the customer is doing on the page.
    else this.dialog.setAttribute("open", "");
    this.button.setAttribute("aria-expanded", "true");
    this.button.hidden = true;
    this.fit();
  }

  hide(): void {
    this.dialog.close();
    this.button.setAttribute("aria-expanded", "false");
  }

  /** The keyboard of a phone covers the page instead of shrinking it. */
  private fit(): void {
    const seen = window.visualViewport;
    if (!seen || !this.isOpen) return;
    const style = this.dialog.style;
    // Somebody who zoomed in wants to see a part of it larger.
    if (this.full && seen.scale < 1.01) {
      style.setProperty("--top", `${seen.offsetTop}px`);
      style.setProperty("--height", `${seen.height}px`);
    } else {
      style.removeProperty("--top");
      style.removeProperty("--height");
    }
  }
}

function picture(): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", "M4 5.5h16v11H11l-4.5 4v-4H4zM8 9.5h8M8 12.5h5");
  svg.append(path);
  return svg;
}
