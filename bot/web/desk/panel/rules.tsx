// Every rule of a decision: what it came to, the facts it stood on, and who said them.

import { Icon } from "../icons";
import type { Decision, Fact, Message, Rule } from "../protocol";
import { named, T } from "../texts";

const WORDS = { yes: T.ruleApplies, unknown: T.ruleDoubt, no: T.ruleClear };
const SIGNS = { yes: "alert", unknown: "question", no: "check" } as const;

export function Rules({ decision, messages }: { decision: Decision; messages: Message[] }) {
  const speaks = ({ result, facts }: Rule): boolean =>
    result === "yes" || (result === "unknown" && facts.length > 0);
  const telling = decision.rules.filter(speaks);
  const clear = decision.rules.filter((rule) => !speaks(rule));
  return (
    <div class="rules">
      {telling.map((rule) => <RuleLine key={rule.rule} rule={rule} messages={messages} open />)}
      {clear.length > 0 && <details class="rules-clear">
        <summary>{T.rulesClear(clear.length)}</summary>
        {clear.map((rule) => <RuleLine key={rule.rule} rule={rule} messages={messages} />)}
      </details>}
    </div>
  );
}

function RuleLine({ rule, messages, open }: { rule: Rule; messages: Message[]; open?: boolean }) {
  return (
    <details class={`rule rule-${rule.result}`} open={open}>
      <summary><Icon name={SIGNS[rule.result]} /><strong>{named(rule.rule)}</strong>
        <span class="soft">{WORDS[rule.result]}</span></summary>
      {rule.facts.length ? <ul class="facts-said">
        {rule.facts.map((fact) => <FactLine key={fact.name} fact={fact} messages={messages} />)}
      </ul> : <p class="soft">{rule.result === "unknown" ? T.noWord : T.noFacts}</p>}
      {rule.text && <blockquote class="clause">
        {rule.clause && !rule.text.startsWith(rule.clause) && <cite>{rule.clause} </cite>}
        {rule.text}</blockquote>}
    </details>
  );
}

function FactLine({ fact, messages }: { fact: Fact; messages: Message[] }) {
  const seq = fact.said_in;
  const said = messages.some((one) => one.seq === seq);
  return (
    <li><span>{named(fact.name)}: <b class={`fact-${fact.state}`}>{named(fact.state)}</b></span>
      <span class="soft">{named(fact.source)}{said && <> · <button type="button" class="link"
        aria-label={`${T.saidIn} ${seq}`} onClick={() => show(seq!)}>#{seq}</button></>}</span></li>
  );
}

function show(seq: number): void {
  const message = document.getElementById(`message-${seq}`);
  message?.scrollIntoView({ block: "center" });
  message?.classList.add("is-shown");
  setTimeout(() => message?.classList.remove("is-shown"), 2_000);
}
