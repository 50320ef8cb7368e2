// How the service does, for a range of days.

import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import { languageName, named, T } from "../texts";
import { moment, span } from "../time";
import { Bars, Chart, Days, Figure } from "./charts";
import { type Amounts, daysAgo, pairs, percent, type Report, type Wait } from "./data";

export function Reports() {
  const [range, setRange] = useState({ from: daysAgo(29), to: daysAgo(0) });
  const [report, set] = useState<Report | null>(null);
  const [problem, setProblem] = useState("");
  const query = `from=${range.from}&to=${range.to}`;
  useEffect(() => {
    if (!range.from || !range.to) return;
    setProblem("");
    api.get<Report>(`/reports?${query}`).then(set, (error: Error) => setProblem(error.message));
  }, [query]);
  const csv = (name: string): string => `/desk/api/reports/${name}.csv?${query}`;
  return (
    <>
      <header class="page-head"><h1>{T.reports}</h1>
        <div class="filters">
          {([[6, T.last7], [29, T.last30], [89, T.last90]] as const).map(([days, words]) => (
            <button type="button" key={days} class="quiet" aria-pressed={range.from === daysAgo(days)
              && range.to === daysAgo(0)} onClick={() => setRange({ from: daysAgo(days), to: daysAgo(0) })}>
              {words}</button>))}
          <label>{T.from}<input type="date" value={range.from} max={range.to}
            onChange={(e) => setRange({ ...range, from: e.currentTarget.value })} /></label>
          <label>{T.to}<input type="date" value={range.to} min={range.from}
            onChange={(e) => setRange({ ...range, to: e.currentTarget.value })} /></label>
        </div></header>
      {problem && <p class="problem" role="alert">{problem}</p>}
      {report ? <Whole report={report} csv={csv} /> : !problem && <p class="soft" role="status">{T.loading}</p>}
    </>
  );
}

function Whole({ report, csv }: { report: Report; csv: (name: string) => string }) {
  const { volume, decisions, sla, csat, solved_without_a_person: alone } = report;
  const days = pairs(volume.by_day);
  const words = (amounts: Amounts, name: (code: string) => string = named): [string, number][] =>
    pairs(amounts).map(([code, count]) => [name(code) || "–", count]);
  return (
    <>
      <div class="figures">
        <Figure label="Conversations" value={String(days.reduce((sum, [, count]) => sum + count, 0))} />
        <Figure label="Solved without a person" value={percent(alone.share)} share={alone.share}
          more={`${alone.count} conversations`} />
        <Figure label="Waited for a person" value={wait(report.waiting.p50)} more={slow(report.waiting)} />
        <Figure label="Handled in" value={wait(report.handling.p50)} more={slow(report.handling)} />
        <Figure label="First reply in time" value={percent(sla.first_reply.share)}
          share={sla.first_reply.share} />
        <Figure label="Next reply in time" value={percent(sla.next_reply.share)}
          share={sla.next_reply.share} />
        <Figure label="Rating" value={csat.average === null ? "–" : `${csat.average.toFixed(2)} of 5`}
          more={`${csat.count} ratings`} />
      </div>
      <div class="charts">
        <Chart title="Conversations by day" csv={csv("volume")} table={days}><Days days={days} /></Chart>
        <Chart title="By topic" table={words(volume.by_topic)}><Bars pairs={words(volume.by_topic)} /></Chart>
        <Chart title="By language" table={words(volume.by_language, languageName)}>
          <Bars pairs={words(volume.by_language, languageName)} /></Chart>
        <Chart title="By channel" table={words(volume.by_channel)}><Bars pairs={words(volume.by_channel)} /></Chart>
        <Chart title="Decisions by outcome" csv={csv("decisions")} table={words(decisions.by_outcome)}>
          <Bars pairs={words(decisions.by_outcome)} /></Chart>
        <Chart title="Decisions by reason" table={words(decisions.by_reason)}>
          <Bars pairs={words(decisions.by_reason)} /></Chart>
        <Chart title="Ratings" csv={csv("csat")} table={words(csat.by_stars)}>
          <Bars pairs={pairs(csat.by_stars).map(([stars, count]) => [`${"★".repeat(Number(stars))}`, count])} /></Chart>
      </div>
      <Chart title="Overrides" csv={csv("overrides")}>
        {report.overrides.length ? <Table head={["Claim", "From", "To", T.reason, "By", T.when]}
          rows={report.overrides.map((one) => [one.claim, named(one.from), named(one.to), one.reason,
            one.by, moment(one.at)])} label="Overrides" /> : <p class="soft">{T.noData}</p>}
      </Chart>
      <Chart title={T.team} csv={csv("agents")}>
        {report.agents.length ? <Table label={T.team}
          head={Object.keys(report.agents[0]!).filter((one) => one !== "id").map(named)}
          rows={report.agents.map((one) => Object.entries(one).filter(([key]) => key !== "id")
            .map(([key, value]) => figure(key, value)))} /> : <p class="soft">{T.noData}</p>}
      </Chart>
    </>
  );
}

const wait = (seconds: number | null): string => (seconds === null ? "–" : span(seconds));

function slow({ p95, count }: Wait): string {
  return count ? `95 % within ${wait(p95)}, ${count} times` : "";
}

function figure(key: string, value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "object") {
    const { p50 } = value as Partial<Wait>;
    return p50 === undefined ? JSON.stringify(value) : wait(p50);
  }
  return /handling|waiting|p50|p95/.test(key) ? span(Number(value))
    : typeof value === "number" ? String(Math.round(value * 100) / 100) : String(value);
}

function Table({ head, rows, label }: { head: string[]; rows: string[][]; label: string }) {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={`${label}, table`}><table class="table">
      <thead><tr>{head.map((one) => <th scope="col" key={one}>{one}</th>)}</tr></thead>
      <tbody>{rows.map((cells, at) => <tr key={at}>{cells.map((cell, column) => (
        <td key={column} dir="auto">{cell}</td>))}</tr>)}</tbody></table></div>
  );
}
