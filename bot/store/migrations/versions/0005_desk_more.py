"""The desk: sign-in failures, tokens of scripts, deliveries of webhooks, search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_COLUMNS = {
    "staff_sessions": (
        lambda: sa.Column("code_given", sa.Boolean(), nullable=False,
                          server_default=sa.false()),),
    "presence": (lambda: sa.Column("viewing", sa.String(255)),),
    "jobs": (lambda: sa.Column("dead_at", _MOMENT),),
}
#: Replaced by the table of failures, which also counts for addresses of nobody.
_REPLACED = (
    lambda: sa.Column("failed_sign_ins", sa.Integer(), nullable=False, server_default="0"),
    lambda: sa.Column("locked_until", _MOMENT))
_TABLES = ("sign_in_failures", "staff_tokens", "webhook_deliveries", "outside_conversations",
           "reply_clocks")


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")


def upgrade() -> None:
    """Adds tables and columns."""
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.add_column(table, column())
    for column in _REPLACED:
        op.drop_column("staff", column().name)
    op.create_table(
        "sign_in_failures",
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("locked_until", _MOMENT),
        sa.Column("last_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name="pk_sign_in_failures"),
    )
    op.create_index("ix_sign_in_failures_last_at", "sign_in_failures", ["last_at"])
    op.create_table(
        "staff_tokens",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _to("staff_tokens", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_staff_tokens"),
    )
    op.create_index("ix_staff_tokens_staff_id", "staff_tokens", ["staff_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("webhook_id", sa.String(32), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("object_id", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.String(300)),
        sa.Column("delivered_at", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
        _to("webhook_deliveries", "webhook_id", "webhooks"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
    )
    op.create_index("ix_webhook_deliveries_webhook", "webhook_deliveries",
                    ["webhook_id", "created_at"])
    op.create_table(
        "outside_conversations",
        sa.Column("desk", sa.String(16), nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("outside_id", sa.String(64), nullable=False),
        sa.Column("told_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _to("outside_conversations", "conversation_id", "conversations"),
        sa.PrimaryKeyConstraint("desk", "conversation_id", name="pk_outside_conversations"),
    )
    op.create_index("uq_outside_conversations_outside", "outside_conversations",
                    ["desk", "outside_id"], unique=True)


    op.create_index("ix_messages_created_at", "messages", ["created_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_messages_words ON messages "
                   "USING gin (to_tsvector('simple', text))")
    op.create_table(
        "reply_clocks",
        sa.Column("subject", sa.String(280), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("warn_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("warned_at", _MOMENT),
        sa.Column("breached_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        sa.PrimaryKeyConstraint("subject", "started_at", name="pk_reply_clocks"),
    )
    op.create_index("ix_reply_clocks_running", "reply_clocks", ["ended_at", "due_at"])


def downgrade() -> None:
    """Drops them."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_messages_words")
    op.drop_index("ix_messages_created_at", "messages")
    for table in reversed(_TABLES):
        op.drop_table(table)
    for column in _REPLACED:
        op.add_column("staff", column())
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.drop_column(table, column().name)
