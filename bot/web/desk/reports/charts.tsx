// Charts as plain SVG and bars, each with the same numbers as a table.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { T } from "../texts";
import { date } from "../time";

const WIDTH = 1080;
const HEIGHT = 220;
const LEFT = 34;
const BOTTOM = 22;
const LINES = 4;

type Pairs = [string, number][];

export function Chart({ title, csv, children, table }:
{ title: string; csv?: string; children: ComponentChildren; table?: Pairs }) {
  return (
    <section class="chart" aria-label={title}>
      <header><h2>{title}</h2>{csv && <a href={csv} download class="link" aria-label={`${title}, ${T.csv}`}>{T.csv}</a>}</header>
      {table && !table.length ? <p class="soft">{T.noData}</p> : children}
      {table && table.length > 0 && <details><summary>{T.asTable}</summary>
        <table class="table"><tbody>{table.map(([name, count]) => <tr key={name}>
          <th scope="row">{name}</th><td>{count}</td></tr>)}</tbody></table></details>}
    </section>
  );
}

/** A number for each day, as columns. */
export function Days({ days }: { days: Pairs }) {
  const [at, point] = useState<number | null>(null);
  const top = ceiling(Math.max(1, ...days.map(([, count]) => count)));
  const high = HEIGHT - BOTTOM - 8;
  const step = (WIDTH - LEFT) / Math.max(1, days.length);
  const y = (count: number): number => 8 + high * (1 - count / top);
  const every = Math.ceil(days.length / 8);
  const total = days.reduce((sum, [, count]) => sum + count, 0);
  const pointed = at === null ? undefined : days[at];
  return (
    <figure class="days">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img"
        aria-label={`${total} in ${days.length} days, at most ${Math.max(0, ...days.map(([, n]) => n))} a day`}
        onMouseLeave={() => point(null)}>
        {Array.from({ length: LINES + 1 }, (_, line) => {
          const value = top * line / LINES;
          return <g key={line}><line class="grid" x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} />
            <text class="axis" x={LEFT - 6} y={y(value) + 3.5} text-anchor="end">{value}</text></g>;
        })}
        {days.map(([day, count], index) => (
          <g key={day} onMouseEnter={() => point(index)}>
            <rect x={LEFT + index * step} y="0" width={step} height={HEIGHT} fill="transparent" />
            <rect class={index === at ? "column is-pointed" : "column"} rx="2.5"
              x={LEFT + index * step + step * 0.16} width={Math.max(1, step * 0.68)}
              y={y(count)} height={Math.max(0, y(0) - y(count))} />
            {index % every === 0 && <text class="axis" x={LEFT + (index + 0.5) * step} y={HEIGHT - 6}
              text-anchor="middle">{date(day).replace(/ \d{4}$/, "")}</text>}
          </g>
        ))}
      </svg>
      <figcaption class="soft">{pointed ? `${date(pointed[0])}: ${pointed[1]}` : `${total} in all`}</figcaption>
    </figure>
  );
}

function ceiling(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)));
  const top = [1, 2, 4, 8, 10].map((factor) => factor * unit).find((one) => one >= value) ?? 10 * unit;
  return Math.max(LINES, top);
}

/** Names with a bar and a number each, the largest first. */
export function Bars({ pairs, most = 10 }: { pairs: Pairs; most?: number }) {
  const sorted = [...pairs].sort((a, b) => b[1] - a[1]).slice(0, most);
  const top = Math.max(1, ...sorted.map(([, count]) => count));
  const total = pairs.reduce((sum, [, count]) => sum + count, 0);
  return (
    <ul class="bars">
      {sorted.map(([name, count]) => <li key={name}>
        <span class="bar-name">{name}</span>
        <svg class="bar-line" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect class="bar-rest" width="100" height="8" /><rect class="column" width={100 * count / top} height="8" />
        </svg>
        <span class="bar-count">{count}</span>
        <span class="bar-share soft">{total ? `${Math.round(100 * count / total)} %` : ""}</span></li>)}
    </ul>
  );
}

export function Figure({ label, value, more, share }:
{ label: string; value: string; more?: string; share?: number | null }) {
  return (
    <div class="figure"><p class="soft">{label}</p><p class="figure-value">{value}</p>
      {share !== undefined && share !== null && <svg class="bar-line" viewBox="0 0 100 4"
        preserveAspectRatio="none" aria-hidden="true"><rect class="bar-rest" width="100" height="4" />
        <rect class="column" width={100 * share} height="4" /></svg>}
      {more && <p class="fine">{more}</p>}</div>
  );
}
