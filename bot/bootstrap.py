"""The one place where things are wired: settings in, services out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.policy import load_terms
from bot.services.attachments import Attachments
from bot.services.claims import Claims
from bot.services.contact import Contact
from bot.services.conversations import Conversations
from bot.services.feedback import Feedback
from bot.services.handoff import Handoffs
from bot.services.intake import Intake
from bot.services.orders import Orders
from bot.services.privacy import Privacy
from bot.services.review import Review
from bot.services.symptoms import Symptoms
from bot.services.tickets import Tickets
from bot.services.visitors import Visitors
from bot.settings import Settings
from bot.store.database import Database
from bot.understanding.encoder import shared_encoder


@dataclass(frozen=True)
class Services:
    """Everything that actions, channels and the command line use."""

    settings: Settings
    database: Database
    orders: Orders
    tickets: Tickets
    claims: Claims
    handoffs: Handoffs
    contact: Contact
    conversations: Conversations
    privacy: Privacy
    review: Review
    intake: Intake
    visitors: Visitors
    attachments: Attachments
    feedback: Feedback

    def now(self) -> dt.datetime:
        """This moment, in UTC."""
        return dt.datetime.now(dt.timezone.utc)

    def today(self) -> dt.date:
        """Today in the shop's time zone, by which the guarantee is counted."""
        return self.now().astimezone(self.settings.working_hours.timezone).date()


def wire(settings: Settings, database: Database | None = None) -> Services:
    """Services on a database (by default that of the settings)."""
    database = database or Database(settings.database_url)
    tickets = Tickets(database)
    orders = Orders(database)
    claims = Claims(database, tickets, tuple(load_terms()))
    attachments = Attachments(database, settings.attachments_dir, settings.attachment_max_mb)
    # Nobody is at a desk yet; the desk will tell.
    handoffs = Handoffs(database, tickets, settings.working_hours, agents_online=lambda: 0)

    def today() -> dt.date:
        return dt.datetime.now(settings.working_hours.timezone).date()

    def similarity(text: str, others: Sequence[str]) -> Sequence[float]:
        return shared_encoder().similarity(text, others)

    return Services(
        settings=settings, database=database, orders=orders, tickets=tickets, claims=claims,
        handoffs=handoffs,
        contact=Contact(settings.working_hours, settings.support_phone, settings.support_email,
                        settings.presale_email),
        conversations=Conversations(database), privacy=Privacy(database, attachments),
        review=Review(database),
        intake=Intake(orders, claims, handoffs, Symptoms(), similarity, today),
        visitors=Visitors(database), attachments=attachments, feedback=Feedback(database),
    )


_process: list[Services] = []


def bootstrap() -> Services:
    """The process's services, wired from its environment when first asked for."""
    if not _process:
        _process.append(wire(Settings.load()))
    return _process[0]


def use(services: Services) -> None:
    """Makes these the process's services: for tests and the evaluation."""
    _process[:] = [services]
