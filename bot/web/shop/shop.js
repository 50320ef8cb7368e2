// The demo shop's page: its contact ways, the orders to try, and the chat.

import { mountChat } from "./chat.js";
import { telephone } from "./chat-text.js";
import { el } from "./dom.js";
import { hoursWords, openingWords } from "./hours.js";

const chat = mountChat(document.getElementById("page"));

for (const button of document.querySelectorAll("[data-open-chat]")) {
  button.addEventListener("click", () => {
    if (button.dataset.say) chat.insert(button.dataset.say);
    else chat.open();
  });
}

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
      "aria-label": `${name} ${value}: put it into the chat`, onclick: () => chat.insert(value),
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
