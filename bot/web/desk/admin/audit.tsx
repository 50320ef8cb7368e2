// Who did what, and from where.

import { useState } from "preact/hooks";
import { address } from "../route";
import { named, T } from "../texts";
import { moment } from "../time";
import { useList } from "./use_list";

interface Line {
  at: string;
  actor: string;
  action: string;
  summary: string | null;
  object_kind: string;
  object_id: string;
  details: Record<string, unknown> | null;
  address: string;
}

export function Audit() {
  const [actor, filterActor] = useState("");
  const [object, filterObject] = useState("");
  const { rows, next, problem, loaded, more } = useList<Line>(`/audit?${new URLSearchParams(
    Object.entries({ actor, object }).filter(([, value]) => value)).toString()}`);
  return (
    <>
      <header class="page-head"><h1>{T.audit}</h1><div class="filters">
        <label>{T.actor}<input type="text" value={actor}
          onChange={(event) => filterActor(event.currentTarget.value.trim())} /></label>
        <label>{T.object}<input type="text" value={object}
          onChange={(event) => filterObject(event.currentTarget.value.trim())} /></label></div></header>
      {problem && <p class="problem" role="alert">{problem}</p>}
      {loaded && !rows.length && <p class="soft">{T.noData}</p>}
      <div class="table-frame" tabIndex={0} role="region" aria-label={T.audit}><table class="table">
        <thead><tr><th scope="col">{T.when}</th><th scope="col">{T.actor}</th>
          <th scope="col">{T.action}</th><th scope="col">{T.object}</th>
          <th scope="col">Details</th><th scope="col">{T.address}</th></tr></thead>
        <tbody>{rows.map((one, at) => <tr key={at}><td class="soft">{moment(one.at)}</td>
          <td dir="auto">{one.actor}</td><td title={one.action}>{one.summary ?? named(one.action)}</td>
          <td class="clip-cell">{objectOf(one)}</td>
          <td class="clip-cell soft" dir="auto">{one.details && Object.keys(one.details).length
            ? JSON.stringify(one.details) : ""}</td>
          <td class="soft mono">{one.address}</td></tr>)}</tbody>
      </table></div>
      {next && <button type="button" class="plain more" onClick={more}>{T.more}</button>}
    </>
  );
}

/** What it was done to, with a way there if it has a page. */
function objectOf({ object_kind: kind, object_id: id }: Line) {
  if (!id) return named(kind);
  if (kind === "conversations") return <a href={address("all", id)}>{T.log} {id.slice(-4)}</a>;
  if (kind === "tickets") return <a href={address("tickets", id)} class="mono">{id}</a>;
  return [named(kind), id].join(" ");
}
