"""All tables, by topic."""

from __future__ import annotations

from bot.store.tables.base import Base, UtcDateTime, metadata, new_id, utcnow
from bot.store.tables.claims import Claim, ClaimFact, ClaimTransition, Decision
from bot.store.tables.conversations import (
    Conversation,
    Inbox,
    Message,
    Outbox,
    OwnerChange,
    Rating,
    TrackerEvent,
    Visitor,
)
from bot.store.tables.jobs import Job, OutsideConversation, Webhook, WebhookDelivery
from bot.store.tables.mail import MailCursor, MailIn, MailOut, MailThread
from bot.store.tables.orders import Customer, Order, OrderLine, VerificationAttempt
from bot.store.tables.review import ReviewItem
from bot.store.tables.staff import (
    AuditEntry,
    CannedReply,
    ConversationTag,
    Note,
    Presence,
    SignInFailure,
    StaffMember,
    StaffSession,
    StaffToken,
)
from bot.store.tables.tickets import (
    Attachment,
    ReplyClock,
    Ticket,
    TicketChange,
    TicketEntry,
    TicketLink,
)

__all__ = [
    "Attachment",
    "AuditEntry",
    "Base",
    "CannedReply",
    "Claim",
    "ClaimFact",
    "ClaimTransition",
    "Conversation",
    "ConversationTag",
    "Customer",
    "Decision",
    "Inbox",
    "Job",
    "MailCursor",
    "MailIn",
    "MailOut",
    "MailThread",
    "Message",
    "Note",
    "Order",
    "OrderLine",
    "Outbox",
    "OutsideConversation",
    "OwnerChange",
    "Presence",
    "Rating",
    "ReplyClock",
    "ReviewItem",
    "SignInFailure",
    "StaffMember",
    "StaffSession",
    "StaffToken",
    "Ticket",
    "TicketChange",
    "TicketEntry",
    "TicketLink",
    "TrackerEvent",
    "UtcDateTime",
    "VerificationAttempt",
    "Visitor",
    "Webhook",
    "WebhookDelivery",
    "metadata",
    "new_id",
    "utcnow",
]
