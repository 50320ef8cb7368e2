// Small helpers to build pages from elements and text nodes; nothing is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

// Strokes on a grid of 24, drawn for this page.
const ICONS = {
  chat: ["M4 5.5h16v11H11l-4.5 4v-4H4z", "M8 9.5h8", "M8 12.5h5"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  send: ["M12 19V5.5", "M6 11.5l6-6 6 6"],
  fresh: ["M4 5.5h16v11H11l-4.5 4v-4H4z", "M12 8.5v5", "M9.5 11h5"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  cross: ["M7 7l10 10", "M17 7L7 17"],
  person: ["M12 12a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z", "M5.5 19.5a6.5 6.5 0 0 1 13 0"],
  question: ["M9 9.2a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 2", "M12 17.4v.1"],
  phone: ["M6 4h3.5l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4 1.5V18a2 2 0 0 1-2 2A14 14 0 0 1 4 6a2 2 0 0 1 2-2z"],
  mail: ["M4 6h16v12H4z", "M4.5 6.5L12 13l7.5-6.5"],
  ticket: ["M4 7h16v3.5a1.8 1.8 0 0 0 0 3.5V17H4v-3a1.8 1.8 0 0 0 0-3.5z", "M14.5 7.5v9"],
  copy: ["M9 9h10.5v10.5H9z", "M15 9V4.5H4.5V15H9"],
  alert: ["M12 4.2L21 19.5H3z", "M12 10v4.5", "M12 17v.1"],
  down: ["M12 5v13.5", "M6 12.5l6 6 6-6"],
};

/**
 * Makes an element. `attributes` whose value is false or null are left out, `onclick` and the like
 * are listeners; children are elements or texts.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** An icon that says nothing to a screen reader; the text beside it does. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const line of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", line);
    svg.append(path);
  }
  return svg;
}

/** A button that copies `value` and says so for a moment. */
export function copyButton(value, label) {
  const words = el("span", {}, "Copy");
  const button = el("button", { type: "button", class: "copy", "aria-label": `Copy ${label}` },
    icon("copy"), words);
  button.addEventListener("click", async () => {
    const done = await copy(value);
    words.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { words.textContent = "Copy"; }, 2000);
  });
  return button;
}

async function copy(value) {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    return false; // no permission, or a page that is not served over https
  }
}
