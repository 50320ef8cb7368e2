"""Claims at the desk: a person decides, asks for evidence, and takes them through the repair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import NotAllowed, Unknown
from bot.services.attachments import view
from bot.services.claim_states import TRANSITIONS
from bot.services.claims import ASSISTANT, Claims, move
from bot.services.desk.telling import Telling
from bot.services.desk.texts import has
from bot.store.database import Database
from bot.store.tables import Attachment, Claim, ClaimTransition, Decision, Message, Ticket

#: The steps that agents take a claim through one by one; deciding and asking have their own way.
STEPS = ("in_review", "parts_shipped", "return_authorised", "received", "diagnosed", "repaired",
         "replaced", "shipped", "closed", "cancelled")
#: Steps that lead away from what comes next.
_ASIDE = ("in_review", "closed", "cancelled")
NEEDS_EVIDENCE, IN_REVIEW = "needs_evidence", "in_review"


@dataclass(frozen=True)
class Decider:
    """Who decides: an agent, and whether they may decide against a colleague."""

    staff_id: str
    email: str
    may_override: bool


class MayNotOverride(NotAllowed):
    """A person decided this claim; only a lead may decide otherwise."""


class ClaimsDesk:
    """Shows and changes claims. Every change is told to the customer in their language."""

    def __init__(self, database: Database, claims: Claims, telling: Telling) -> None:
        self._database, self._claims, self._telling = database, claims, telling

    def shown(self, number: str) -> dict[str, Any]:
        """A `Claim` of docs/desk-protocol.md. Raises Unknown."""
        with self._database.unit_of_work() as session:
            return self.views(session, Claim.id == _claim(session, number).id)[0]

    def decide(self, number: str, outcome: str, reason: str, by: Decider, clause: str = ""
               ) -> dict[str, Any]:
        """A new decision, which supersedes the last one; that one stays.

        The customer is told `reason` as the agent wrote it, and the `clause` by which a claim is
        declined in their language (`Claims.override`). Raises Unknown, MayNotOverride,
        AftersaleError without either or for another outcome than covered or not_covered,
        NotAllowed where the claim's state forbids it.
        """
        with self._database.unit_of_work() as session:
            claim = _held(session, number)
            last = session.scalar(sa.select(Decision.decided_by).where(
                Decision.claim_id == claim.id).order_by(Decision.created_at.desc()).limit(1))
            if last not in (None, ASSISTANT) and not by.may_override:
                raise MayNotOverride("a person decided this; a lead may decide otherwise")
            self._claims.override(claim.number, outcome, reason, by.email, clause)
            session.flush()
            latest = session.scalar(sa.select(Decision).where(Decision.claim_id == claim.id)
                                    .order_by(Decision.created_at.desc()).limit(1))
            custom = {"type": "decision", **public(latest.record)}
            if outcome == "covered":
                self._telling.of_claim(session, claim, by.staff_id, "claim_approved",
                                       custom=custom, more=[("claim_reason", {"reason": reason})])
            else:
                self._telling.of_claim(
                    session, claim, by.staff_id, "claim_declined", custom=custom,
                    reason=_sentence(reason) if reason.strip() else "",
                    quoted=self._claims.clause(latest, clause) if clause else "")
            return self.views(session, Claim.id == claim.id)[0]

    def ask_for_evidence(self, number: str, text: str, by: Decider) -> dict[str, Any]:
        """Asks the customer for evidence in the agent's words. Raises Unknown or NotAllowed."""
        with self._database.unit_of_work() as session:
            claim = _held(session, number)
            if claim.state != NEEDS_EVIDENCE:
                move(session, claim, NEEDS_EVIDENCE, by.email, text)
            self._telling.in_words(session, claim, by.staff_id, text)
            session.flush()
            return self.views(session, Claim.id == claim.id)[0]

    def step(self, number: str, to: str, by: Decider, note: str = "", tracking: str = ""
             ) -> dict[str, Any]:
        """The next step of a claim. `note` is kept with it, `tracking` is told to the customer.

        Raises Unknown, or NotAllowed for a step that the claim's state does not allow.
        """
        if to not in STEPS:
            raise NotAllowed(f"there is no step {to}")
        with self._database.unit_of_work() as session:
            claim = _held(session, number)
            move(session, claim, to, by.email, "; ".join(filter(None, (note, tracking))))
            if has(f"claim_{to}"):
                more = [("claim_tracking", {"tracking": tracking})] if tracking else []
                self._telling.of_claim(session, claim, by.staff_id, f"claim_{to}", more=more)
            session.flush()
            return self.views(session, Claim.id == claim.id)[0]

    def evidence_came(self, conversation_id: str) -> None:
        """The customer sent files: claims that needed evidence are a person's turn again."""
        self._claims.evidence_came(conversation_id)

    def views(self, session: Session, *conditions: Any) -> list[dict[str, Any]]:
        """Claims as the desk's pages see them, newest first."""
        claims = session.scalars(sa.select(Claim).where(*conditions)
                                 .order_by(Claim.created_at.desc())).all()
        if not claims:
            return []
        ids = [claim.id for claim in claims]
        decisions = _grouped(session, Decision, ids, Decision.created_at)
        log = _grouped(session, ClaimTransition, ids, ClaimTransition.ordinal)
        tickets = {ticket.claim_id: ticket for ticket in session.scalars(
            sa.select(Ticket).where(Ticket.claim_id.in_(ids)).order_by(Ticket.created_at))}
        files: dict[str, list[dict[str, Any]]] = {}
        for file in session.scalars(sa.select(Attachment).where(
                Attachment.ticket_id.in_([ticket.id for ticket in tickets.values()]))
                .order_by(Attachment.created_at)):
            files.setdefault(file.ticket_id, []).append(view(file).public())
        terms = {each.version: each.clauses for each in self._claims.terms}
        places = _places(session, [each for some in decisions.values() for each in some])
        return [_view(claim, decisions.get(claim.id, []), log.get(claim.id, []),
                      tickets.get(claim.id), files, terms, places) for claim in claims]


def _view(claim: Claim, decisions: Sequence[Decision], log: Sequence[ClaimTransition],
          ticket: Ticket | None, files: dict[str, list[dict[str, Any]]],
          terms: dict[str, Any], places: dict[str, int]) -> dict[str, Any]:
    steps = sorted(TRANSITIONS.get(claim.state, frozenset()) & set(STEPS),
                   key=lambda step: (step in _ASIDE, STEPS.index(step)))
    return {
        "number": claim.number, "conversation_id": claim.conversation_id, "state": claim.state,
        "next_states": steps,
        "symptom": claim.symptom, "incident": claim.incident, "remedy": claim.remedy,
        "remedy_note": claim.remedy_note,
        "item": claim.order_line.product_name if claim.order_line else None,
        "order_number": claim.order.order_number if claim.order else None,
        "ticket_number": ticket.number if ticket else None,
        "can_decide": bool(decisions) and claim.state in (
            "assessed", IN_REVIEW, NEEDS_EVIDENCE, "declined", "approved", "diagnosed"),
        "decisions": [_decision(decision, terms, places) for decision in decisions],
        "log": [{"from": step.from_state, "to": step.to_state, "by": step.actor,
                 "reason": step.reason, "at": step.created_at.isoformat()} for step in log],
        "evidence": files.get(ticket.id, []) if ticket else [],
    }


def _places(session: Session, decisions: Sequence[Decision]) -> dict[str, int]:
    """The number in its conversation of each message that said a fact of these decisions."""
    said_in = {fact["said_in"] for decision in decisions
               for result in decision.record.get("results", ())
               for fact in result["facts"] if fact.get("said_in")}
    if not said_in:
        return {}
    return dict(session.execute(sa.select(Message.id, Message.seq).where(
        Message.id.in_(said_in))).all())


def _decision(decision: Decision, terms: dict[str, Any], places: dict[str, int]
              ) -> dict[str, Any]:
    record = decision.record
    clauses = terms.get(decision.terms_version, {})
    return {
        "id": decision.id, "at": decision.created_at.isoformat(),
        "decided_by": decision.decided_by, "outcome": decision.outcome,
        "reasons": record.get("reasons", []), "reason": record.get("reason"),
        "supersedes": decision.supersedes, "policy_version": decision.terms_version,
        "rules": [{"rule": result["reason"], "clause": result["reason"],
                   "text": clauses.get(result["reason"], ""), "result": result["state"],
                   "facts": [{"name": fact["name"], "state": fact["state"],
                              "source": fact["source"], "said_in": places.get(fact.get("said_in"))}
                             for fact in result["facts"]]}
                  for result in record.get("results", ())],
    }


def public(record: dict[str, Any]) -> dict[str, Any]:
    """A decision as the contract shows it to its customer."""
    shown = {name: record.get(name) for name in (
        "outcome", "reasons", "clauses", "order_number", "item", "invoice_date",
        "guarantee_ends", "policy_version")}
    if shown["outcome"] == "covered" and "reason" in record:
        # What spoke against it before a person decided does not hold any more.
        shown |= {"reasons": [], "clauses": []}
    return shown


def _sentence(reason: str) -> str:
    reason = reason.strip()
    return reason if reason.endswith((".", "!", "?", "。", "！", "？")) else f"{reason}."


def _grouped(session: Session, model: Any, claim_ids: list[str], order: Any
             ) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for row in session.scalars(sa.select(model).where(model.claim_id.in_(claim_ids))
                               .order_by(order)):
        grouped.setdefault(row.claim_id, []).append(row)
    return grouped


def _claim(session: Session, number: str) -> Claim:
    return _only(session.scalar(_numbered(number)))


def _held(session: Session, number: str) -> Claim:
    """A claim that nobody else changes until the transaction ends: of two agents who decide at
    once, the second sees what the first one did."""
    return _only(session.scalar(_numbered(number).with_for_update(key_share=True)))


def _numbered(number: str) -> Any:
    return sa.select(Claim).where(Claim.number == number.strip().upper())


def _only(claim: Claim | None) -> Claim:
    if claim is None:
        raise Unknown("there is no such claim")
    return claim
