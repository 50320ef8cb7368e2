// The demo shop's page: its contact ways, and the orders to try in the chat.

import { el } from "./dom.js";
import { hoursWords, openingWords } from "./hours.js";

const glance = document.getElementById("contact-ways");

/** Puts words into the chat's field, once its script is there. */
function say(text) {
  window.aftersaleChat?.open?.({ text });
}

// The chat is not to open behind the list that led to it.
glance.addEventListener("click", (event) => {
  if (event.target.closest(".link")) glance.hidePopover?.();
});

async function fetched(path) {
  const response = await fetch(path, { credentials: "same-origin", cache: "no-store" });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function showContact(contact) {
  fill("support-email", el("a", { href: `mailto:${contact.email}` }, contact.email));
  fill("presale-email", el("a", { href: `mailto:${contact.presale_email}` }, contact.presale_email));
  fill("phone", el("a", { href: telephone(contact.phone) }, el("bdi", {}, contact.phone)));
  fill("hours", hoursWords(contact));
  fill("open", openingWords(contact));
  for (const place of document.querySelectorAll("[data-fill=open]")) {
    place.classList.toggle("is-open-now", contact.open_now);
  }
}

/** The `tel:` address of a phone number: 00 is the same as +. */
function telephone(written) {
  return `tel:${written.replace(/[^\d+]/g, "").replace(/^00/, "+")}`;
}

function fill(name, content) {
  for (const place of document.querySelectorAll(`[data-fill="${name}"]`)) {
    place.replaceChildren(typeof content === "string" ? content : content.cloneNode(true));
  }
}

function showOrders(orders) {
  if (!orders.length) return;
  document.getElementById("orders").replaceChildren(...orders.map((order) =>
    el("li", { class: "order" },
      el("p", { class: "situation" }, order.situation),
      el("p", { class: "order-items" }, texts(order.items).join(", ")),
      el("dl", {},
        row("Order", texts(order.order_number)),
        row("Invoice", texts(order.invoice_number)),
        row("Verify with", texts(order.verification))))));
  for (const part of document.querySelectorAll("[data-demo]")) part.hidden = false;
}

function row(name, values) {
  return values.length ? el("div", {}, el("dt", {}, name),
    el("dd", {}, values.map((value) => el("button", {
      type: "button", class: "value", title: "Put it into the chat",
      "aria-label": `${name} ${value}: put it into the chat`, onclick: () => say(value),
    }, el("bdi", {}, value))))) : null;
}

/** A text, a list of texts, or an object of texts, as a list. */
function texts(value) {
  if (value === null || value === undefined || value === "") return [];
  if (typeof value !== "object") return [String(value)];
  return Object.values(value).filter(Boolean)
    .map((one) => String(one.product_name ?? one.name ?? one));
}

fetched("/demo/contact").then(showContact).catch(() => {});
fetched("/demo/orders").then(showOrders).catch(() => {});
