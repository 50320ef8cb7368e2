// The messages on the page, in the order of the conversation.

import { Component, createRef, type ComponentChildren } from "preact";
import type { State } from "./chat";
import { dayOf } from "../../shared/format";
import { Icon } from "../../shared/icons";
import { type Actions, type Entry, Said } from "./message";
import type { Message } from "../../shared/protocol";
import { t } from "../../shared/texts";

/** Messages of one side that follow each other this closely are one group. */
const GROUP_MILLISECONDS = 5 * 60_000;
/** So near to the end counts as reading along. */
const NEAR = 120;
const GLIDE_MILLISECONDS = 600;

interface Props {
  state: State;
  actions: Actions;
  intro: ComponentChildren;
  children: ComponentChildren;
}

interface View { jump: "new" | "more" | null }

export class Log extends Component<Props, View> {
  state: View = { jump: null };
  readonly scroller = createRef<HTMLDivElement>();
  readonly #items = createRef<HTMLDivElement>();
  #wentToEnd = 0;
  #count = 0;
  #observer?: ResizeObserver;

  componentDidMount(): void {
    this.toEnd("auto");
    // A keyboard that comes up or a picture that arrives must not push the end out of sight.
    this.#observer = new ResizeObserver(() => {
      if (!this.state.jump && this.#nearEnd(2 * NEAR)) this.toEnd("auto");
    });
    this.#observer.observe(this.scroller.current!);
  }

  componentWillUnmount(): void { this.#observer?.disconnect(); }

  getSnapshotBeforeUpdate(): boolean { return this.#nearEnd(); }

  componentDidUpdate(before: Props, _: View, follow: boolean): void {
    const { state } = this.props;
    if (state.loaded && !before.state.loaded) {
      this.#count = this.#total();
      this.toEnd("auto");
      return;
    }
    const total = this.#total();
    const grew = total > this.#count;
    this.#count = total;
    if (state.outgoing.length > before.state.outgoing.length
      || state.alarm !== before.state.alarm) this.toEnd();
    else if (grew && follow) this.#reveal(before.state.messages);
    else if (grew && !follow && state.loaded) this.setState({ jump: "new" });
    else if (follow && (state.typing.on !== before.state.typing.on
      || state.rating !== before.state.rating)) this.toEnd();
  }

  toEnd(behavior: ScrollBehavior = "smooth"): void {
    const scroller = this.scroller.current!;
    if (this.state.jump) this.setState({ jump: null });
    this.#wentToEnd = Date.now();
    scroller.scrollTo({ top: scroller.scrollHeight, behavior: calm() ?? behavior });
  }

  render({ state, actions, intro, children }: Props, { jump }: View) {
    return (
      <div class="log-frame">
        <div class="scroller" ref={this.scroller} tabIndex={0} role="region"
          aria-label={t("conversation")}
          onScroll={() => { if (jump && this.#nearEnd()) this.setState({ jump: null }); }}>
          {intro}
          <div class="log" ref={this.#items} role="log" aria-live="polite" aria-relevant="additions"
            aria-label={t("log")} aria-busy={!state.loaded}>
            {this.#lines(state, actions)}
          </div>
          {children}
        </div>
        {jump && <button type="button" class="jump" onClick={() => {
          this.toEnd();
          this.scroller.current!.focus({ preventScroll: true });
        }}><Icon name="down" />{jump === "new" ? t("new_below") : t("more_below")}</button>}
      </div>
    );
  }

  #total(): number {
    return this.props.state.messages.length + this.props.state.happenings.length;
  }

  #lines(state: State, actions: Actions): ComponentChildren[] {
    const lines: ComponentChildren[] = [];
    let day = "";
    for (const entry of entries(state)) {
      const { message } = entry;
      const key = message.client_msg_id ?? `seq-${message.seq}`;
      const its = dayOf(message.sent_at);
      if (its !== day) {
        day = its;
        lines.push(<p class="day" key={`day-${key}`} aria-live="off"><span>{its}</span></p>);
      }
      lines.push(<Said key={key} entry={entry} contact={state.contact} actions={actions} />);
      state.happenings.forEach(({ after, text }, at) => {
        if (after === message.seq) {
          lines.push(<p class="happening" key={`happening-${at}`}><Icon name="person" />{text}</p>);
        }
      });
    }
    return lines;
  }

  /** The end of what came, if all of it fits; else its beginning. */
  #reveal(before: readonly Message[]): void {
    const scroller = this.scroller.current!;
    const first = this.props.state.messages[before.length];
    const added = this.#items.current!.children;
    const fresh = this.props.state.messages.length - before.length;
    const element = added[Math.max(0, added.length - this.props.state.outgoing.length - fresh)];
    // A safety message stands above the log, and has no place in it as long as it does.
    if (!first || !(element instanceof HTMLElement) || !element.offsetHeight) return this.toEnd();
    const top = element.offsetTop - 12;
    if (scroller.scrollHeight - top <= scroller.clientHeight + NEAR / 3) return this.toEnd();
    this.#wentToEnd = 0;
    scroller.scrollTo({ top, behavior: calm() ?? "smooth" });
    this.setState({ jump: "more" });
    return undefined;
  }

  #nearEnd(near = NEAR): boolean {
    const scroller = this.scroller.current;
    // While it still glides there, it counts as being there.
    if (!scroller || Date.now() - this.#wentToEnd < GLIDE_MILLISECONDS) return true;
    return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < near;
  }
}

function entries(state: State): Entry[] {
  const all: Message[] = [...state.messages, ...state.outgoing.map((one): Message => ({
    seq: Infinity, author: "customer", text: one.shown, attachments: one.attachments,
    sent_at: new Date(one.at).toISOString(), client_msg_id: one.id,
  }))];
  const waiting = state.outgoing.length > 0;
  const newest = all.map((one) => one.author).lastIndexOf("customer");
  return all.map((message, at) => ({
    message,
    outgoing: message.seq === Infinity ? state.outgoing[at - state.messages.length] : undefined,
    first: !together(all[at - 1], message),
    last: !together(message, all[at + 1]) || message.seq === Infinity,
    newest: at === newest,
    choices: !waiting && at > newest && !!message.buttons?.length,
  }));
}

function together(one: Message | undefined, next: Message | undefined): boolean {
  return one !== undefined && next !== undefined && one.author === next.author
    && one.name === next.name
    && Date.parse(next.sent_at) - Date.parse(one.sent_at) < GROUP_MILLISECONDS
    && dayOf(one.sent_at) === dayOf(next.sent_at);
}

function calm(): ScrollBehavior | null {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : null;
}
