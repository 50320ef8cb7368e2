// A claim: its story, the rules with their facts, the evidence, and what can be done with it.

import { announce } from "../announce";
import * as api from "../api";
import { claimChanged, refresh } from "../conversation/store";
import { type Field, openForm, type Values } from "../dialogs";
import { Files } from "../lightbox";
import type { Claim, Conversation, Decision } from "../protocol";
import { may } from "../session";
import { languageName, named, stepName, T } from "../texts";
import { moment } from "../time";
import { Facts } from "./panel";
import { Rules } from "./rules";

/** What is done with a decision or a letter, and not by a mere step. */
const NOT_STEPS = ["approved", "declined", "needs_evidence"];
/** As long as somebody may still decide. */
const AWAITING = ["assessed", "in_review", "needs_evidence"];
const CLOSING = ["closed", "cancelled"];

export function ClaimCard({ claim, conversation }: { claim: Claim; conversation: Conversation }) {
  const latest = claim.decisions.find((one) => !claim.decisions.some(
    (other) => other.supersedes === one.id)) ?? claim.decisions.at(-1);
  return (
    <article class="card-box claim" aria-label={`${T.claim} ${claim.number}`}>
      <p class="card-top"><strong class="mono">{claim.number}</strong>
        <span class={`chip claim-${claim.state}`}>{named(claim.state)}</span></p>
      {claim.item && <p dir="auto">{claim.item}</p>}
      <blockquote dir="auto">{claim.symptom}{claim.incident && <><br />{claim.incident}</>}</blockquote>
      <Actions claim={claim} latest={latest} language={conversation.row.language} />
      {latest && <div class={`verdict outcome-${latest.outcome}`}>
        <p><strong>{named(latest.outcome)}</strong>
          <span class="soft">{T.decidedBy(named(latest.decided_by))}, {moment(latest.at)}</span></p>
        {latest.reason && <p dir="auto">{latest.reason}</p>}
        {latest.reasons.length > 0 && <p class="chips">
          {latest.reasons.map((reason) => <span key={reason} class="chip">{named(reason)}</span>)}</p>}
      </div>}
      {claim.evidence.length > 0 ? <div><h4>{T.evidence}</h4><Files files={claim.evidence} /></div>
        : <p class="soft">{T.noEvidence}</p>}
      {latest && <Rules decision={latest} messages={conversation.messages} />}
      <Facts rows={[["Remedy", named(claim.remedy)], ["Wish", claim.remedy_note],
        ["Ticket", claim.ticket_number]]} />
      {claim.decisions.length > 1 && <details><summary>{T.decisions} ({claim.decisions.length})</summary>
        <ul class="log-list">{claim.decisions.map((one) => <li key={one.id}>
          <strong>{named(one.outcome)}</strong> {T.decidedBy(named(one.decided_by))}, {moment(one.at)}
          {one !== latest && <span class="chip">{T.superseded}</span>}
          {one.reason && <p dir="auto">{one.reason}</p>}</li>)}</ul></details>}
      {claim.log.length > 0 && <details><summary>{T.claimLog}</summary>
        <ul class="log-list">{claim.log.map((one) => <li key={`${one.at}${one.to}`}>
          <strong>{named(one.to)}</strong> {T.decidedBy(named(one.by))}, {moment(one.at)}
          {one.reason && <p dir="auto">{one.reason}</p>}</li>)}</ul></details>}
    </article>
  );
}

function Actions({ claim, latest, language }:
{ claim: Claim; latest?: Decision; language: string | null }) {
  const decided = ["approved", "declined"].includes(claim.state);
  const wasPerson = latest !== undefined && latest.decided_by !== "assistant";
  const steps = claim.next_states.filter((state) => !NOT_STEPS.includes(state));
  const canDecide = claim.can_decide && (!wasPerson || !decided || may("lead"));
  return (
    <div class="claim-do">
      {canDecide && !decided && <>
        <button type="button" class="solid solid-good" onClick={() => decide(claim, latest, "covered", language)}>
          {T.approve}</button>
        <button type="button" class="quiet quiet-bad"
          onClick={() => decide(claim, latest, "not_covered", language)}>{T.decline}</button></>}
      {AWAITING.includes(claim.state) && <button type="button" class="quiet"
        onClick={() => askEvidence(claim)}>{T.askEvidence}</button>}
      {steps.map((state) => <button type="button" key={state} class={CLOSING.includes(state)
        ? "link" : "quiet"} onClick={() => step(claim, state)}>{stepName(state)}</button>)}
      {canDecide && decided && <button type="button" class="link" onClick={() => decide(claim, latest,
        latest?.outcome === "covered" ? "not_covered" : "covered", language, true)}>
        {T.override}</button>}
    </div>
  );
}

function decide(claim: Claim, latest: Decision | undefined, outcome: "covered" | "not_covered",
  language: string | null, after = false): void {
  const approves = outcome === "covered";
  const theirs = languageName(language);
  // Whatever a claim can be declined by, the assistant's own reasons first.
  const clauses = (latest?.rules ?? []).filter((one) => one.text);
  const fields: Field[] = [
    ...(approves || !clauses.length ? [] : [{ name: "clause", label: T.clauseLabel, kind: "select",
      value: clauses.find((one) => latest?.reasons.includes(one.rule))?.rule ?? "",
      hint: T.clauseTold(theirs),
      options: [["", T.clauseNone] as const,
        ...clauses.map((one) => [one.rule, named(one.rule)] as const)],
    } satisfies Field]),
    { name: "reason", label: approves ? T.reasonLabel : T.reasonOwn, kind: "area", required: approves,
      hint: T.reasonTold(language === "en" ? "" : theirs) },
  ];
  openForm({
    title: after ? (approves ? T.approveInstead : T.declineInstead)(claim.number)
      : `${approves ? T.approve : T.decline} ${claim.number}`,
    intro: T.told, fields, tone: approves ? undefined : "bad",
    submit: approves ? T.approve : T.decline,
    act: ({ reason, clause }) => done(claim, "decide", { outcome, reason: reason ?? "",
      ...(clause ? { clause } : {}) }),
  });
}

function askEvidence(claim: Claim): void {
  openForm({
    title: T.askEvidence, submit: T.send, intro: T.told,
    fields: [{ name: "text", label: T.evidenceLabel, kind: "area", required: true }],
    act: (values) => done(claim, "evidence", { text: values.text }),
  });
}

function step(claim: Claim, to: string): void {
  const tracked = to === "shipped" || to === "parts_shipped" || to === "return_authorised";
  openForm({
    title: stepName(to), submit: stepName(to), intro: T.told,
    fields: [...(tracked ? [{ name: "tracking", label: T.tracking, kind: "text" } as Field] : []),
      { name: "note", label: T.noteLabel, kind: "area" }],
    act: ({ note, tracking }) => done(claim, "steps", {
      to, ...(note ? { note } : {}), ...(tracking ? { tracking } : {}),
    }),
  });
}

async function done(claim: Claim, what: string, body: Values | Record<string, unknown>): Promise<void> {
  const changed = await api.post<Claim>(`/claims/${encodeURIComponent(claim.number)}/${what}`, body);
  claimChanged(changed);
  announce(`${changed.number}: ${named(changed.state)}`);
  void refresh();
}
