"""A claim laid out for judgement: purchase, account, today and the terms that apply.

Here is what several clauses ask of the same facts; the clauses themselves are in rules.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.policy.dates import appeared_in_time, guarantee_ends, guarantee_has_ended
from bot.policy.facts import CAUSES, MISUSE, Account, Fact, Source, State
from bot.policy.purchase import Purchase
from bot.policy.terms import Terms

HANDED_OVER = ("shipped", "delivered")


def yes_no(holds: bool) -> State:
    """A state for something that is known either way."""
    return State.YES if holds else State.NO


@dataclass(frozen=True)
class Case:
    """Everything a rule may look at. `today` is a calendar date in the shop's time zone."""

    purchase: Purchase
    account: Account
    today: date
    terms: Terms

    @property
    def last_day(self) -> date | None:
        """The guarantee's last day; None without an invoice date."""
        invoiced = self.purchase.invoice_date
        return None if invoiced is None else guarantee_ends(invoiced, self.terms.guarantee_years)

    @property
    def guarantee_ended(self) -> State:
        """Whether the guarantee has ended by today; unknown without an invoice date."""
        invoiced = self.purchase.invoice_date
        if invoiced is None:
            return State.UNKNOWN
        return yes_no(guarantee_has_ended(invoiced, self.today, self.terms.guarantee_years))

    @property
    def fault_in_time(self) -> State:
        """Whether the customer says that the fault first appeared while the guarantee ran."""
        if self.account.fault_date is None or self.last_day is None:
            return State.UNKNOWN
        return yes_no(appeared_in_time(self.account.fault_date, self.last_day))

    @property
    def reported_late(self) -> bool:
        """The guarantee has ended, but the fault is said to be older: only a person may decide."""
        return self.guarantee_ended is State.YES and self.fault_in_time is State.YES

    @property
    def store_excludes(self) -> tuple[str, ...]:
        """The reasons that the store's facts alone give; causes are then neither asked nor used."""
        held = {"A": self.guarantee_ended is State.YES, "gift": self.purchase.is_gift}
        return tuple(reason for reason, holds in held.items() if holds)

    @property
    def order_facts(self) -> tuple[Fact, ...]:
        """Two facts of the store: the invoice date is sound, and the goods were handed over."""
        invoiced = self.purchase.invoice_date
        dated = yes_no(invoiced is not None and invoiced <= self.today)
        # Anything but a known good status is odd, so that a new status never reads as a sale.
        handed_over = yes_no(self.purchase.status in HANDED_OVER)
        return (
            Fact("invoice_date_sound", dated, Source.STORE),
            Fact("handed_over", handed_over, Source.STORE),
        )

    @property
    def fault_facts(self) -> tuple[Fact, ...]:
        """What the customer answered about the fault's first day, if they were asked or said it."""
        account = self.account
        if account.fault_date is None and not account.fault_date_asked:
            return ()
        said_in = account.fault_date_said_in
        return (Fact("fault_in_time", self.fault_in_time, Source.WORDS, said_in),)

    def fact(self, reason: str) -> Fact:
        """What is known of a cause or of misuse; unknown where nobody spoke of it."""
        account = self.account
        known = account.misuse if reason == MISUSE else account.causes.get(reason)
        return known or Fact(reason, State.UNKNOWN, Source.WORDS)

    def confirmed(self, reason: str) -> State:
        """A cause as it stands: yes only if confirmed or recorded; words alone leave it unknown."""
        fact = self.fact(reason)
        if not fact.sure and (fact.state is State.YES or reason in self.account.contradictions):
            return State.UNKNOWN
        return fact.state

    @property
    def to_read_back(self) -> tuple[str, ...]:
        """Causes said, or both said and denied, in the customer's words only, in contract order."""
        return tuple(
            fact.name
            for fact in map(self.fact, self._open_to_causes)
            if not fact.sure
            and (fact.state is State.YES or fact.name in self.account.contradictions)
        )

    @property
    def unsettled_facts(self) -> tuple[Fact, ...]:
        """Every fact that leaves the claim unsettled."""
        order = self.order_facts if self.purchase.verified else ()
        found = [fact for fact in order if fact.state is not State.YES]
        found += self.fault_facts if self.reported_late else ()
        # Asked and not known, at the read-back or by an agent; in words alone it means nothing.
        asked = [fact for fact in map(self.fact, (MISUSE, *self._open_to_causes))
                 if fact.sure and fact.state is State.UNKNOWN]  # fmt: skip
        misuse = self.fact(MISUSE)
        if MISUSE in self.account.contradictions and not misuse.sure:
            found.append(misuse)
        return (*found, *asked, *map(self.fact, self.to_read_back))

    @property
    def _open_to_causes(self) -> tuple[str, ...]:
        """The causes that may matter: none where the store's facts exclude the claim."""
        if self.store_excludes:
            return ()
        update = self.account.shop_update
        from_shop = update is not None and update.state is State.YES
        return tuple(cause for cause in CAUSES if not (cause == "C" and from_shop))
