// What an agent does with a conversation. Each tells the server first; the page follows.

import * as api from "./api";
import { announce } from "./announce";
import * as conversation from "./conversation/store";
import { openForm } from "./dialogs";
import { nameOf } from "./inbox/row";
import * as inbox from "./inbox/store";
import type { Row } from "./protocol";
import { go, isView, route } from "./route";
import { may, me, team } from "./session";
import { T } from "./texts";
import { ago } from "./time";
import { toast } from "./toasts";

/** Does it, and brings list and conversation up to date; says why not where it was refused. */
export async function act<T>(doing: Promise<T>): Promise<T | undefined> {
  try {
    return await doing;
  } catch (error) {
    toast(words(error), "bad");
    return undefined;
  } finally {
    void conversation.refresh();
    void inbox.load();
  }
}

export function words(error: unknown): string {
  const refused = error as api.Refused;
  return refused.code === "taken" ? T.faster(refused.by ?? T.assistant) : refused.message;
}

export async function claim(row: Row): Promise<void> {
  if (await act(api.post(api.of(row.id, "/claim"), { epoch: row.epoch }))) announce(T.claimed);
}

export async function takeNext(): Promise<void> {
  const row = await act(api.post<Row | undefined>("/queue/next"));
  if (row) {
    inbox.changed([row]);
    go("mine", row.id);
  } else toast(T.queueNobody);
}

export const handBack = (row: Row): Promise<unknown> => act(api.post(api.of(row.id, "/hand-back")));
export const requeue = (row: Row): Promise<unknown> => act(api.post(api.of(row.id, "/requeue")));

export function transfer(row: Row): void {
  const mates = team.value.filter((one) => one.id !== me.value?.id);
  openForm({
    title: T.transfer, submit: T.transfer,
    fields: [
      { name: "to", label: T.transferTo, kind: "select", required: true, options: mates.map((one) =>
        [one.id, `${one.name} (${one.status}, ${one.open} of ${one.capacity})`]) },
      { name: "note", label: T.transferNote, kind: "area" },
    ],
    act: ({ to, note }) => settle(api.post(api.of(row.id, "/transfer"), { to, ...(note ? { note } : {}) })),
  });
}

export function snooze(row: Row): void {
  const now = Date.now();
  const at = (hours: number): string => new Date(now + hours * 3_600_000).toISOString();
  const tomorrow = new Date();
  tomorrow.setDate(tomorrow.getDate() + 1);
  tomorrow.setHours(9, 0, 0, 0);
  openForm({
    title: T.snooze, submit: T.snooze,
    fields: [{ name: "until", label: T.snoozeUntil, kind: "select", value: at(1), options: [
      [at(0.5), "Half an hour"], [at(1), "1 hour"], [at(3), "3 hours"],
      [tomorrow.toISOString(), "Tomorrow at 9:00"], [at(72), "3 days"], [at(168), "A week"],
    ] }],
    act: ({ until }) => settle(api.post(api.of(row.id, "/snooze"), { until })),
  });
}

export const wake = (row: Row): Promise<unknown> =>
  act(api.post(api.of(row.id, "/snooze"), { until: null }));

export function tag(row: Row): void {
  openForm({
    title: T.tags, submit: T.save,
    fields: [{ name: "tags", label: T.tagsLabel, kind: "text", value: row.tags.join(", ") }],
    act: ({ tags }) => settle(api.put(api.of(row.id, "/tags"), {
      tags: (tags ?? "").split(",").map((one) => one.trim()).filter(Boolean),
    })),
  });
}

/** The same customer's conversations first, then whatever else is in the list. */
function mergeable(row: Row): Row[] {
  const open = conversation.open.peek();
  const same = open?.row.id === row.id ? open.earlier : [];
  return [...new Map([...same, ...inbox.rows.peek()].map((one) => [one.id, one])).values()]
    .filter((one) => one.id !== row.id);
}

export function merge(row: Row): void {
  const into = async (id: string, sure: boolean): Promise<void> => {
    await settle(api.post(api.of(row.id, "/merge"), { into: id, ...(sure ? { sure } : {}) }));
    if (isView(route.value.page)) go(route.value.page, id);
  };
  const others = mergeable(row);
  if (!others.length) {
    toast(T.mergeNone);
    return;
  }
  openForm({
    title: T.merge, intro: T.mergeHint, submit: T.merge,
    fields: [{ name: "into", label: T.mergeInto, kind: "select", required: true, value: others[0]!.id,
      options: others.map((one) => [one.id, [nameOf(one), ago(one.last?.sent_at),
        (one.last?.text ?? "").slice(0, 60)].filter(Boolean).join(" · ")]) }],
    act: async ({ into: id }) => {
      try {
        await into(id!, false);
      } catch (error) {
        if ((error as api.Refused).code !== "unsure") throw error;
        openForm({
          title: T.merge, intro: `${(error as Error).message} ${T.mergeUnsure}`, tone: "bad",
          submit: T.mergeSure, fields: [], act: () => into(id!, true),
        });
      }
    },
  });
}

export function end(row: Row): void {
  openForm({
    title: T.end, intro: T.closeHint, submit: T.end, fields: [],
    act: () => settle(api.post(api.of(row.id, "/close"))),
  });
}

/** For dialogs, which show a refusal themselves. */
async function settle(doing: Promise<unknown>): Promise<void> {
  await doing;
  void conversation.refresh();
  void inbox.load();
}

export function mayAnswer(row: Row): boolean {
  return row.owner !== "agent" || row.agent?.id === me.value?.id;
}

export function isMine(row: Row): boolean {
  return row.owner === "agent" && row.agent?.id === me.value?.id;
}

export const mayMerge = (): boolean => may("lead");
