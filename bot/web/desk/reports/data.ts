// The numbers of a report, and how they are read.

export type Amounts = Record<string, number> | { name?: string; day?: string; count: number }[];

export interface Share { kept: number; count?: number; share: number | null }
export interface Wait { p50: number | null; p95: number | null; count: number }

export interface Report {
  from: string;
  to: string;
  volume: { by_day: Amounts; by_channel: Amounts; by_topic: Amounts; by_language: Amounts };
  solved_without_a_person: { share: number | null; count: number };
  decisions: { by_outcome: Amounts; by_reason: Amounts };
  overrides: { claim: string; from: string; to: string; reason: string; at: string; by: string }[];
  waiting: Wait;
  handling: Wait;
  sla: { first_reply: Share; next_reply: Share };
  csat: { average: number | null; count: number; by_stars: Amounts };
  agents: { id?: string; name: string; [figure: string]: unknown }[];
}

/** Names with their counts, as one list. */
export function pairs(amounts: Amounts | undefined): [string, number][] {
  if (!amounts) return [];
  if (!Array.isArray(amounts)) return Object.entries(amounts);
  return amounts.map((one) => [one.day ?? one.name ?? "", one.count]);
}

export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? "–" : `${Math.round(share * 1000) / 10} %`;
}

/** An ISO date so many days ago, in the agent's own time zone. */
export function daysAgo(days: number): string {
  const day = new Date();
  day.setDate(day.getDate() - days);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()]
    .map((part) => String(part).padStart(2, "0")).join("-");
}
