"""What agents do and see: replies, notes, the inbox, a conversation with all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.desk.attendance import Attendance
from bot.services.desk.canned import Canned
from bot.services.desk.claims import ClaimsDesk
from bot.services.desk.conversation import ConversationDesk
from bot.services.desk.handling import Handling
from bot.services.desk.replies import AgentReplies
from bot.services.desk.search import Search
from bot.services.desk.tickets import TicketWork
from bot.services.desk.views import Inbox


@dataclass(frozen=True)
class DeskServices:
    """All of it, as `bot/bootstrap.py` wires it."""

    replies: AgentReplies
    handling: Handling
    inbox: Inbox
    conversations: ConversationDesk
    claims: ClaimsDesk
    tickets: TicketWork
    search: Search
    canned: Canned
    attendance: Attendance
