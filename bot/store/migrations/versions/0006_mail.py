"""E-mail in and out; the life of a ticket."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_TABLES = ("mail_cursors", "mails_in", "mails_out", "mail_threads")
#: SQLite takes a reference only together with its column.
_TICKET_FOLLOWS = ("ALTER TABLE tickets ADD COLUMN follows_id VARCHAR(32) "
                   "CONSTRAINT fk_tickets_follows_id REFERENCES tickets (id)")
_TICKET_COLUMNS = (
    lambda: sa.Column("order_line_id", sa.String(32)),
    lambda: sa.Column("stated_order", sa.String(64)),
    lambda: sa.Column("topic", sa.String(32)),
    lambda: sa.Column("stars", sa.Integer()),
    lambda: sa.Column("rating_comment", sa.Text(), nullable=False, server_default=""))
_INDEXES = {
    "mails_in": ("content", "header_id", "sender", "conversation_id", "ticket_id", "message_id"),
    "mails_out": ("conversation_id", "ticket_id", "recipient"),
}


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")


def _tickets() -> None:
    op.execute(_TICKET_FOLLOWS)
    for column in _TICKET_COLUMNS:
        op.add_column("tickets", column())
    op.create_table(
        "ticket_changes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("ticket_id", sa.String(32), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("before", sa.String(32)),
        sa.Column("after", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(320), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _to("ticket_changes", "ticket_id", "tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_changes"),
    )
    op.create_index("ix_ticket_changes_ticket_id", "ticket_changes", ["ticket_id"])
    op.create_table(
        "ticket_links",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("ticket_id", sa.String(32)),
        sa.Column("email", sa.String(320)),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        _to("ticket_links", "ticket_id", "tickets"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_ticket_links"),
    )
    for column in ("ticket_id", "email", "expires_at"):
        op.create_index(f"ix_ticket_links_{column}", "ticket_links", [column])


def upgrade() -> None:
    """Adds the tables of e-mail and those of tickets, and columns to tickets."""
    _tickets()
    op.create_table(
        "mail_cursors",
        sa.Column("mailbox", sa.String(64), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name="pk_mail_cursors"),
    )
    op.create_table(
        "mails_in",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("mailbox", sa.String(64), nullable=False),
        sa.Column("queue", sa.String(16), nullable=False),
        sa.Column("envelope_from", sa.String(320)),
        sa.Column("stored_as", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16)),
        sa.Column("identity", sa.String(64)),
        sa.Column("content", sa.String(64)),
        sa.Column("header_id", sa.String(255)),
        sa.Column("sender", sa.String(320)),
        sa.Column("subject", sa.String(500), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("conversation_id", sa.String(255)),
        sa.Column("ticket_id", sa.String(32)),
        sa.Column("message_id", sa.String(32)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", _MOMENT),
        sa.Column("last_error", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("handled_at", _MOMENT),
        _to("mails_in", "conversation_id", "conversations"),
        _to("mails_in", "ticket_id", "tickets"),
        _to("mails_in", "message_id", "messages"),
        sa.PrimaryKeyConstraint("id", name="pk_mails_in"),
        sa.UniqueConstraint("source", name="uq_mails_in_source"),
        sa.UniqueConstraint("stored_as", name="uq_mails_in_stored_as"),
        sa.UniqueConstraint("identity", name="uq_mails_in_identity"),
    )
    op.create_index("ix_mails_in_state", "mails_in", ["state", "created_at"])
    op.create_table(
        "mails_out",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("header_id", sa.String(255), nullable=False),
        sa.Column("conversation_id", sa.String(255)),
        sa.Column("ticket_id", sa.String(32)),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("subject", sa.String(500), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("in_reply_to", sa.String(255)),
        sa.Column("reference_ids", sa.JSON(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", _MOMENT, nullable=False),
        sa.Column("leased_until", _MOMENT),
        sa.Column("last_error", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT),
        _to("mails_out", "conversation_id", "conversations"),
        _to("mails_out", "ticket_id", "tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_mails_out"),
        sa.UniqueConstraint("key", name="uq_mails_out_key"),
        sa.UniqueConstraint("header_id", name="uq_mails_out_header_id"),
    )
    op.create_index("ix_mails_out_due", "mails_out", ["state", "next_attempt_at"])
    op.create_table(
        "mail_threads",
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(500), nullable=False),
        sa.Column("queue", sa.String(16), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _to("mail_threads", "conversation_id", "conversations"),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_mail_threads"),
    )
    for table, columns in _INDEXES.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    """Drops them."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_table("ticket_links")
    op.drop_table("ticket_changes")
    for column in _TICKET_COLUMNS:
        op.drop_column("tickets", column().name)
    with op.batch_alter_table("tickets") as changed:
        changed.drop_constraint("fk_tickets_follows_id", type_="foreignkey")
        changed.drop_column("follows_id")
