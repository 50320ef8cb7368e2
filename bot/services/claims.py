"""Claims: judged by the policy, kept with every fact, and filed as a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import AftersaleError
from bot.policy import Account, Decision, Purchase, Terms, decide, terms_in_force
from bot.policy.dates import guarantee_ends
from bot.services.claim_states import TRANSITIONS, check_transition
from bot.services.numbers import new_number
from bot.services.orders import Item, PlacedOrder
from bot.services.ticket_texts import own_subject
from bot.services.tickets import Tickets, TicketView, add_to
from bot.store import tables
from bot.store.database import Database

ASSISTANT = "assistant"
CUSTOMER = "customer"


@dataclass(frozen=True)
class Assessed:
    """A judged claim."""

    claim_id: str
    number: str
    decision: Decision


@dataclass(frozen=True)
class Statement:
    """What the customer says is wrong: the symptom and the story, in their own words."""

    symptom: str
    incident: str


class Claims:
    """Judges, files and explains claims. `terms` are all the dated terms of the policy."""

    def __init__(self, database: Database, tickets: Tickets, terms: tuple[Terms, ...]) -> None:
        self._database = database
        self._tickets = tickets
        self.terms = terms

    @staticmethod
    def purchase(order: PlacedOrder, item: Item) -> Purchase:
        """The verified order line as the policy sees it."""
        return Purchase(True, order.order_number, item.name, order.invoice_date, order.status,
                        item.is_gift)

    def guarantee_ends(self, invoiced: date | None) -> date | None:
        """The guarantee's last day by the terms in force on the invoice date."""
        if invoiced is None:
            return None
        return guarantee_ends(invoiced, terms_in_force(self.terms, invoiced).guarantee_years)

    def assess(self, conversation_id: str, order: PlacedOrder, item: Item, account: Account,
               statement: Statement, today: date, claim_id: str | None = None) -> Assessed:
        """Judges a claim and keeps claim, facts and decision. `today` is in the shop's zone.

        With `claim_id` what was told since is added to that claim, which is judged anew, unless
        it was filed or decided in the meantime.
        """
        decision = decide(self.purchase(order, item), account, today, self.terms)
        with self._database.unit_of_work() as session:
            claim = _claim(session, claim_id) if claim_id else None
            supersedes = None
            if claim is None or claim.state != "assessed":
                claim = tables.Claim(
                    id=tables.new_id(), number=new_number("C"), conversation_id=conversation_id,
                    order_id=order.order_id, order_line_id=item.line_id)
                session.add(claim)
                for state in ("draft", "verified", "assessed"):
                    move(session, claim, state, ASSISTANT)
            else:
                supersedes = _begin_anew(session, claim)
            claim.symptom, claim.incident = statement.symptom, statement.incident
            _keep(session, claim, decision, ASSISTANT, supersedes=supersedes)
            if decision.outcome == "not_covered":
                move(session, claim, "declined", ASSISTANT, ", ".join(decision.reasons))
            return Assessed(claim.id, claim.number, decision)

    def prepare(self, conversation_id: str, order: PlacedOrder, item: Item, account: Account,
                statement: Statement, remedy: str | None, today: date,
                claim_id: str | None = None) -> Assessed:
        """Prepares a claim that a person confirms: nothing is decided against the customer.

        What the rules would say stands in the decision's record (`proposed`); the outcome is
        `needs_review` wherever they would decline. With `claim_id` what was told since is added to
        that claim, unless a person has gone on with it.
        """
        decision = decide(self.purchase(order, item), account, today, self.terms)
        with self._database.unit_of_work() as session:
            claim = _claim(session, claim_id) if claim_id else None
            if claim is None:
                claim = tables.Claim(
                    id=tables.new_id(), number=new_number("C"), conversation_id=conversation_id,
                    order_id=order.order_id, order_line_id=item.line_id)
                session.add(claim)
                for state in ("draft", "verified", "assessed", "in_review"):
                    move(session, claim, state, ASSISTANT)
            elif claim.state not in ("in_review", "needs_evidence"):
                return Assessed(claim.id, claim.number, decision)
            claim.symptom, claim.incident = statement.symptom, statement.incident
            claim.remedy = remedy or claim.remedy
            session.flush()
            _keep(session, claim, decision, ASSISTANT, proposed=True,
                  supersedes=_begin_anew(session, claim))
            return Assessed(claim.id, claim.number, decision)

    def file(self, claim_id: str, remedy: str | None, remedy_note: str, summary: str) -> TicketView:
        """Files a claim for a person: opens its ticket. For claims that are covered or in doubt,
        and for declined ones whose customer wants the review.

        A fault of the same item whose ticket goes on is told there: the ticket returned has
        `joined`, and the claim is not pursued beside the first one.
        """
        with self._database.unit_of_work() as session:
            claim = _claim(session, claim_id)
            reviewed = remedy is None
            claim.remedy, claim.remedy_note = remedy, remedy_note
            known = claim.order_line_id and self._tickets.same_fault(
                claim.order_id, claim.order_line_id, claim.symptom, besides=claim)
            if known:
                move(session, claim, "closed" if claim.state == "declined" else "cancelled",
                      ASSISTANT, f"told again, on ticket {known.number}")
                return add_to(session, known, summary)
            move(session, claim, "in_review", CUSTOMER)
            return self._tickets.open(
                "review" if reviewed else "claim",
                own_subject(claim.symptom), summary,
                conversation_id=claim.conversation_id, order_id=claim.order_id, claim_id=claim.id)

    def evidence_came(self, conversation_id: str) -> None:
        """The customer sent files: claims that needed evidence are a person's turn again."""
        with self._database.unit_of_work() as session:
            for claim in session.scalars(sa.select(tables.Claim).where(
                    tables.Claim.conversation_id == conversation_id,
                    tables.Claim.state == "needs_evidence")):
                move(session, claim, "in_review", CUSTOMER)

    def override(self, number: str, outcome: str, reason: str, by: str, clause: str = "") -> str:
        """A person decides otherwise: a new decision that supersedes the last one, which stays.

        `reason` are their own words. `clause` names the policy's clause by which they decline (a
        reason of the contract); with it own words are not needed, and the decision rests on it
        alone. Returns the claim's id. Raises AftersaleError for an unknown claim, outcome or
        clause, without a reason, or where nothing was decided yet.
        """
        if outcome not in ("covered", "not_covered"):
            raise AftersaleError(f"the outcome is covered or not_covered, not {outcome!r}")
        if clause and outcome == "covered":
            raise AftersaleError("a clause is a reason to decline, not to approve")
        if not reason.strip() and not clause:
            raise AftersaleError("a decision needs a reason" + (
                "" if outcome == "covered" else ": a clause, words of one's own, or both"))
        with self._database.unit_of_work() as session:
            claim = session.scalar(sa.select(tables.Claim).where(
                tables.Claim.number == number.strip().upper()))
            if claim is None:
                raise AftersaleError(f"there is no claim {number}")
            last = session.scalar(
                sa.select(tables.Decision).where(tables.Decision.claim_id == claim.id)
                .order_by(tables.Decision.created_at.desc()).limit(1))
            if last is None:
                raise AftersaleError(f"claim {claim.number} has no decision yet")
            record = {**last.record, "outcome": outcome, "reason": reason.strip()}
            if clause:
                text = self.clause(last, clause)
                record |= {"reasons": [clause], "clauses": [text],
                           "reason": reason.strip() or text}
            session.add(tables.Decision(
                claim_id=claim.id, outcome=outcome, terms_version=last.terms_version,
                record=record,
                terms_hash=last.terms_hash, decided_by=by, supersedes=last.id))
            target = "approved" if outcome == "covered" else "declined"
            if claim.state != target:
                if target not in TRANSITIONS.get(claim.state, frozenset()):
                    # Decided before: a person takes it up again, and then decides.
                    move(session, claim, "in_review", by)
                move(session, claim, target, by, record["reason"])
            return str(claim.id)

    def clause(self, decision: tables.Decision, name: str) -> str:
        """A clause that a decision was judged by, in the policy's English words.

        Raises AftersaleError for one that is none of its rules'.
        """
        clauses = next(each.clauses for each in self.terms
                       if each.version == decision.terms_version)
        rules = {result["reason"] for result in decision.record.get("results", ())}
        if name not in rules or not clauses.get(name):
            raise AftersaleError(f"the policy has no clause {name!r} to decide by")
        return str(clauses[name])

    def told(self, claim_id: str) -> tuple[str, str, str]:
        """What the customer said of a claim: fault, story, and the language's code."""
        with self._database.unit_of_work() as session:
            claim = session.get(tables.Claim, claim_id)
            conversation = session.get(tables.Conversation, claim.conversation_id)
            return claim.symptom, claim.incident, (conversation and conversation.language) or "en"

    def explain(self, number: str) -> dict[str, Any] | None:
        """A claim with all its decisions and its log, for an operator; None if there is none."""
        with self._database.unit_of_work() as session:
            claim = session.scalar(sa.select(tables.Claim).where(
                tables.Claim.number == number.strip().upper()))
            if claim is None:
                return None
            decisions = session.scalars(
                sa.select(tables.Decision).where(tables.Decision.claim_id == claim.id)
                .order_by(tables.Decision.created_at)).all()
            log = session.scalars(
                sa.select(tables.ClaimTransition).where(
                    tables.ClaimTransition.claim_id == claim.id)
                .order_by(tables.ClaimTransition.ordinal)).all()
            return {
                "number": claim.number, "state": claim.state, "symptom": claim.symptom,
                "incident": claim.incident, "remedy": claim.remedy,
                "decisions": [{"decided_by": d.decided_by, "at": d.created_at, **d.record}
                              for d in decisions],
                "log": [{"from": t.from_state, "to": t.to_state, "by": t.actor,
                         "reason": t.reason, "at": t.created_at} for t in log],
            }


def _claim(session: Session, claim_id: str) -> Any:
    for pending in session.new:
        if isinstance(pending, tables.Claim) and pending.id == claim_id:
            return pending
    return session.get(tables.Claim, claim_id)


def move(session: Session, claim: Any, state: str, actor: str, reason: str = "") -> None:
    """Changes a claim's state and logs it. Raises NotAllowed for a step that is not allowed."""
    check_transition(claim.state, state)
    pending = sum(isinstance(row, tables.ClaimTransition) and row.claim_id == claim.id
                  for row in session.new)
    stored = session.scalar(sa.select(sa.func.count()).select_from(tables.ClaimTransition).where(
        tables.ClaimTransition.claim_id == claim.id)) or 0
    session.add(tables.ClaimTransition(
        claim_id=claim.id, ordinal=stored + pending + 1, from_state=claim.state, to_state=state,
        actor=actor, reason=reason))
    claim.state = state


def _keep(session: Session, claim: Any, decision: Decision, decided_by: str, *,
          proposed: bool = False, supersedes: str | None = None) -> None:
    outcome, record = decision.outcome.value, decision.record()
    if proposed:
        outcome = "needs_review" if outcome == "not_covered" else outcome
        record = {**record, "proposed": record["outcome"], "outcome": outcome}
    session.add(tables.Decision(
        claim_id=claim.id, outcome=outcome, record=record, supersedes=supersedes,
        terms_version=decision.policy_version, terms_hash=decision.terms_hash,
        decided_by=decided_by))
    facts = {fact for result in decision.results for fact in result.facts}
    session.add_all(tables.ClaimFact(
        claim_id=claim.id, name=fact.name, state=fact.state.value, source=fact.source.value,
        said_in=fact.said_in) for fact in sorted(facts, key=lambda f: f.name))


def _begin_anew(session: Session, claim: tables.Claim) -> str | None:
    """Makes room for the facts of another decision; the id of the last one, which stays."""
    session.execute(sa.delete(tables.ClaimFact).where(tables.ClaimFact.claim_id == claim.id))
    last: str | None = session.scalar(
        sa.select(tables.Decision.id).where(tables.Decision.claim_id == claim.id)
        .order_by(tables.Decision.created_at.desc()).limit(1))
    return last
