// What the shop may set: with `window.aftersaleChat = {...}` before the script, or as data
// attributes of the script itself.

export interface Options {
  position?: "left" | "right";
  colour?: string;
  language?: string;
  greeting?: string;
  /** The shop's signed statement of who is logged in (docs/widget.md). */
  identity?: string;
  /** A selector: clicking what it matches opens the chat. */
  openOn?: string;
  /** The words on the button. */
  label?: string;
  /** "none": the shop has its own way to open the chat. */
  button?: "none";
}

export interface OpenOptions {
  /** Words to put into the field, for the customer to send. */
  text?: string;
}

export interface ChatWindow extends Options {
  open(options?: OpenOptions): void;
  close(): void;
  toggle(): void;
  /** Changes options later, as after a login. */
  update(options: Options): void;
}

const NAMES = ["position", "colour", "language", "greeting", "identity", "openOn", "label",
  "button"] as const;

export function readOptions(given: unknown, data: DOMStringMap): Options {
  const source = { ...data, ...(typeof given === "object" ? given : {}) } as Record<string, unknown>;
  source.colour ??= source.color;
  const options: Record<string, string> = {};
  for (const name of NAMES) {
    const value = source[name];
    if (typeof value === "string" && value) options[name] = value;
  }
  return options as Options;
}
