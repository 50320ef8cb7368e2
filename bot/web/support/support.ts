// What the support centre's pages do better with JavaScript; without it they work all the same.

const PAUSE = 700;
const SHORTEST = 12;
const DRAFT = "support-draft";
const KEPT = ["queue", "details", "order_number", "verification", "email"];

interface Help {
  steps: string | null;
  safety: boolean;
}

/** Shows safe steps for what is being typed, before it is sent. */
function helpWhileTyping(details: HTMLTextAreaElement, box: HTMLElement): void {
  const title = box.querySelector("h2");
  const text = box.querySelector(".help-text");
  let timer = 0;
  let latest = 0;

  async function ask(): Promise<void> {
    const mine = ++latest;
    const found = details.value.trim().length < SHORTEST ? null : await fetched(details.value);
    if (mine !== latest || !title || !text) return;
    const words = found?.steps ?? "";
    if (text.textContent !== words) {
      title.textContent = found?.safety ? title.dataset.safety ?? "" : title.dataset.title ?? "";
      text.textContent = words;
    }
    box.classList.toggle("is-safety", found?.safety === true);
    box.hidden = words === "";
  }

  async function fetched(written: string): Promise<Help | null> {
    try {
      const answer = await fetch(box.dataset.source ?? "", {
        method: "POST", credentials: "same-origin", body: JSON.stringify({ details: written }),
        headers: { "Content-Type": "application/json" },
      });
      return answer.ok ? await answer.json() as Help : null;
    } catch {
      return null;
    }
  }

  details.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(ask, PAUSE);
  });
  if (details.value) void ask();
}

/** Keeps what was typed while the language is changed or the page is loaded again. */
function keepDraft(form: HTMLFormElement): void {
  const stored = read();
  for (const name of KEPT) {
    const field = form.elements.namedItem(name);
    if (!stored || !(name in stored) || !field) continue;
    if (field instanceof RadioNodeList) field.value = stored[name] ?? "";
    else if ("value" in field && field.value === "") field.value = stored[name];
  }
  form.addEventListener("input", () => {
    const typed = new FormData(form);
    const draft = Object.fromEntries(KEPT.map((name) => [name, String(typed.get(name) ?? "")]));
    try {
      sessionStorage.setItem(DRAFT, JSON.stringify(draft));
    } catch { /* A browser that keeps nothing. */ }
  });
}

function read(): Record<string, string> | null {
  try {
    return JSON.parse(sessionStorage.getItem(DRAFT) ?? "null");
  } catch {
    return null;
  }
}

/** A second press sends nothing again, and says that the first one is on its way. */
function sendOnce(form: HTMLFormElement): void {
  const button = form.querySelector<HTMLButtonElement>("button[data-busy]");
  form.addEventListener("submit", () => {
    if (!button) return;
    const words = button.textContent;
    // After the browser has read the form.
    setTimeout(() => { button.disabled = true; button.textContent = button.dataset.busy ?? words; });
    // Coming back by the browser's button finds it as it was.
    addEventListener("pageshow", () => { button.disabled = false; button.textContent = words; });
  });
}

/** Moments in the reader's own time. */
function localTimes(): void {
  const format = new Intl.DateTimeFormat(document.documentElement.lang,
    { weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });
  for (const time of document.querySelectorAll("time")) {
    time.textContent = format.format(new Date(time.dateTime));
  }
}

const details = document.querySelector<HTMLTextAreaElement>("#details");
const help = document.querySelector<HTMLElement>("#help");
const draft = document.querySelector<HTMLFormElement>("form[data-draft]");
if (draft) keepDraft(draft);
if (details && help) helpWhileTyping(details, help);
if (document.querySelector("[data-sent]")) sessionStorage.removeItem(DRAFT);
for (const form of document.querySelectorAll("form")) sendOnce(form);
document.querySelector("#language")?.addEventListener("change", (event) => {
  (event.target as HTMLSelectElement).form?.submit();
});
document.querySelector<HTMLElement>("#errors")?.focus();
localTimes();
