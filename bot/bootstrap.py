"""The one place where things are wired: settings in, services out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.policy import load_terms
from bot.services.attachments import Attachments
from bot.services.audit import Audit
from bot.services.chatwoot import Chatwoot
from bot.services.chatwoot_api import ChatwootApi
from bot.services.claims import Claims
from bot.services.contact import Contact
from bot.services.conversations import Conversations
from bot.services.desk import DeskServices
from bot.services.desk.attendance import Attendance
from bot.services.desk.canned import Canned
from bot.services.desk.claims import ClaimsDesk
from bot.services.desk.conversation import ConversationDesk
from bot.services.desk.handling import Handling
from bot.services.desk.replies import AgentReplies
from bot.services.desk.search import Search
from bot.services.desk.telling import Telling
from bot.services.desk.tickets import TicketWork
from bot.services.desk.views import Inbox
from bot.services.feedback import Feedback
from bot.services.handoff import Handoffs
from bot.services.happenings import Happenings
from bot.services.intake import Intake
from bot.services.jobs import Jobs
from bot.services.mail_handling import MailHandling
from bot.services.mail_in import IncomingMails
from bot.services.mail_out import OutgoingMails
from bot.services.mail_store import MailStore
from bot.services.orders import Orders
from bot.services.ownership import Ownership
from bot.services.presence import Presences
from bot.services.privacy import Privacy
from bot.services.reports import Reports
from bot.services.review import Review
from bot.services.service_levels import Levels, ServiceLevels
from bot.services.sign_in import SignIn
from bot.services.staff import Staff
from bot.services.staff_sessions import StaffSessions
from bot.services.support import Support
from bot.services.symptoms import Symptoms
from bot.services.ticket_answers import TicketAnswers
from bot.services.ticket_life import TicketLife
from bot.services.ticket_links import TicketLinks
from bot.services.ticket_pages import TicketPages
from bot.services.tickets import Tickets
from bot.services.visitors import Visitors
from bot.services.waiting import Queue
from bot.services.webhooks import Webhooks
from bot.services.written_claims import WrittenClaims
from bot.settings import Settings
from bot.store.database import Database
from bot.store.keys import email_key
from bot.understanding.encoder import shared_encoder


@dataclass(frozen=True)
class Services:
    """Everything that actions, channels and the command line use."""

    settings: Settings
    database: Database
    orders: Orders
    tickets: Tickets
    ticket_life: TicketLife
    ticket_links: TicketLinks
    ticket_pages: TicketPages
    ticket_answers: TicketAnswers
    support: Support
    claims: Claims
    handoffs: Handoffs
    contact: Contact
    conversations: Conversations
    ownership: Ownership
    privacy: Privacy
    review: Review
    intake: Intake
    visitors: Visitors
    attachments: Attachments
    feedback: Feedback
    presences: Presences
    queue: Queue
    desk: DeskServices
    audit: Audit
    staff: Staff
    staff_sessions: StaffSessions
    sign_in: SignIn
    jobs: Jobs
    service_levels: ServiceLevels
    happenings: Happenings
    webhooks: Webhooks
    reports: Reports
    mail_in: IncomingMails
    mail_out: OutgoingMails
    mail_handling: MailHandling
    #: What our own mails carry, so that they are known when they come back.
    mail_token: str
    chatwoot: Chatwoot | None

    def now(self) -> dt.datetime:
        """This moment, in UTC."""
        return dt.datetime.now(dt.timezone.utc)

    def today(self) -> dt.date:
        """Today in the shop's time zone, by which the guarantee is counted."""
        return self.now().astimezone(self.settings.working_hours.timezone).date()


def wire(settings: Settings, database: Database | None = None) -> Services:
    """Services on a database (by default that of the settings)."""
    database = database or Database(settings.database_url)
    levels = Levels(dt.timedelta(hours=settings.reply_within),
                    settings.working_hours if settings.reply_in_working_hours else None,
                    dt.timedelta(minutes=settings.emergency_reply_within))

    def similarity(text: str, others: Sequence[str]) -> Sequence[float]:
        return shared_encoder().similarity(text, others)

    tickets, life = Tickets(database, levels, similarity), TicketLife(database)
    orders = Orders(database)
    claims = Claims(database, tickets, tuple(load_terms()))
    attachments = Attachments(database, settings.attachments_dir, settings.attachment_max_mb)
    ownership, presences = Ownership(database), Presences(database)
    queue = Queue(database, ownership)
    handoffs = Handoffs(ownership, tickets, settings.working_hours, presences.agents_online)

    audit, staff_sessions = Audit(database), StaffSessions(database)
    jobs, happenings = Jobs(database), Happenings(database)
    webhooks = Webhooks(database, jobs, private=settings.webhook_private)
    happenings.listen(webhooks.heard)

    def today() -> dt.date:
        return dt.datetime.now(settings.working_hours.timezone).date()

    intake = Intake(orders, claims, handoffs, Symptoms(), similarity, today)
    mail_store = MailStore(settings.mail_dir)
    mail_out = OutgoingMails(database, settings.mail_from.rpartition("@")[2])
    mail_token = f"aftersale {settings.mail_from.lower()}"
    written = WrittenClaims(database, orders, claims, intake, similarity, today)
    mail_handling = MailHandling(
        database, tickets, written, mail_out,
        _own_addresses(settings), mail_token, settings.mail_trusted_server)

    desk = _desk(settings, database, ownership, queue, claims, life, today)
    chatwoot = None
    if there := settings.chatwoot:
        chatwoot = Chatwoot(database, jobs, ChatwootApi(there.url, there.token, there.account,
                                                        there.inbox),
                            ownership, presences, desk.replies)
        happenings.listen(chatwoot.heard)
    return Services(
        settings=settings, database=database, orders=orders, tickets=tickets,
        ticket_life=life, ticket_links=TicketLinks(database),
        ticket_pages=TicketPages(database), ticket_answers=TicketAnswers(database, tickets, claims),
        support=Support(database, orders, tickets, written), claims=claims, handoffs=handoffs,
        contact=Contact(settings.working_hours, settings.support_phone, settings.support_email,
                        settings.presale_email),
        conversations=Conversations(database), ownership=ownership,
        privacy=Privacy(database, attachments, mail_store), review=Review(database),
        intake=intake,
        visitors=Visitors(database), attachments=attachments, feedback=Feedback(database),
        presences=presences, queue=queue,
        desk=desk, chatwoot=chatwoot,
        audit=audit, staff=Staff(database, staff_sessions), staff_sessions=staff_sessions,
        sign_in=SignIn(database, staff_sessions, audit), jobs=jobs,
        service_levels=ServiceLevels(database, levels), happenings=happenings,
        webhooks=webhooks, reports=Reports(database, settings.working_hours.timezone),
        mail_in=IncomingMails(database, mail_store), mail_out=mail_out,
        mail_handling=mail_handling, mail_token=mail_token,
    )


def _desk(settings: Settings, database: Database, ownership: Ownership, queue: Queue,
          claims: Claims, life: TicketLife, today: Callable[[], dt.date]) -> DeskServices:
    inbox = Inbox(database, queue)
    on_claims = ClaimsDesk(database, claims, Telling(life))
    return DeskServices(
        replies=AgentReplies(database, ownership, life), handling=Handling(database, ownership),
        inbox=inbox, claims=on_claims, tickets=TicketWork(database, life),
        conversations=ConversationDesk(database, inbox, on_claims, claims.guarantee_ends, today),
        search=Search(database, inbox, claims.guarantee_ends, today),
        canned=Canned(database, claims.guarantee_ends, {
            "support_phone": settings.support_phone, "support_email": settings.support_email}),
        attendance=Attendance(database, dt.timedelta(minutes=settings.agent_idle_minutes)),
    )


def _own_addresses(settings: Settings) -> set[str]:
    """Everything that the shop itself writes from."""
    addresses = {settings.mail_from, settings.support_email, settings.presale_email,
                 *(box.server.user for box in settings.mailboxes)}
    return {email_key(address) for address in addresses if "@" in address}


_process: list[Services] = []


def bootstrap() -> Services:
    """The process's services, wired from its environment when first asked for."""
    if not _process:
        _process.append(wire(Settings.load()))
    return _process[0]


def use(services: Services) -> None:
    """Makes these the process's services: for tests and the evaluation."""
    _process[:] = [services]
