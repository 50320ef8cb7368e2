"""The agents' desk: ownership, sign-in, presence, notes, service levels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
#: Columns that point to another table. SQLite takes a reference only together with its column.
_REFERENCES = (("conversations", "agent_id", "VARCHAR(32)", "staff"),
               ("conversations", "order_id", "VARCHAR(32)", "orders"),
               ("conversations", "merged_into", "VARCHAR(255)", "conversations"),
               ("tickets", "assignee_id", "VARCHAR(32)", "staff"),
               ("tickets", "merged_into", "VARCHAR(32)", "tickets"),
               ("ticket_entries", "message_id", "VARCHAR(32)", "messages"))
_COLUMNS = {
    "conversations": (
        lambda: sa.Column("handoff_reason", sa.String(16)),
        lambda: sa.Column("waiting_since", _MOMENT),
        lambda: sa.Column("snoozed_until", _MOMENT),
        lambda: sa.Column("customer_email", sa.String(320)),
        lambda: sa.Column("topic", sa.String(32))),
    "outbox": (
        lambda: sa.Column("epoch", sa.Integer()),
        lambda: sa.Column("dropped_at", _MOMENT)),
    "staff": (
        lambda: sa.Column("name", sa.String(200), nullable=False, server_default=""),
        lambda: sa.Column("role", sa.String(16), nullable=False, server_default="agent"),
        lambda: sa.Column("totp_secret", sa.String(64)),
        lambda: sa.Column("totp_on", sa.Boolean(), nullable=False, server_default=sa.false()),
        lambda: sa.Column("totp_last_step", sa.Integer()),
        lambda: sa.Column("languages", sa.JSON(), nullable=False, server_default="[]"),
        lambda: sa.Column("skills", sa.JSON(), nullable=False, server_default="[]"),
        lambda: sa.Column("capacity", sa.Integer(), nullable=False, server_default="4"),
        lambda: sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()),
        lambda: sa.Column("failed_sign_ins", sa.Integer(), nullable=False, server_default="0"),
        lambda: sa.Column("locked_until", _MOMENT)),
    "tickets": (
        lambda: sa.Column("queue", sa.String(16), nullable=False, server_default="support"),
        lambda: sa.Column("priority", sa.String(8), nullable=False, server_default="normal"),
        lambda: sa.Column("customer_email", sa.String(320)),
        lambda: sa.Column("language", sa.String(8)),
        lambda: sa.Column("replied_at", _MOMENT),
        lambda: sa.Column("warned_at", _MOMENT),
        lambda: sa.Column("breached_at", _MOMENT),
        lambda: sa.Column("snoozed_until", _MOMENT),
        lambda: sa.Column("closed_at", _MOMENT)),
    "jobs": (lambda: sa.Column("key", sa.String(255)),),
}
_INDEXES = (("ix_conversations_owner", "conversations", ["owner", "waiting_since"], False),
            ("ix_tickets_assignee_id", "tickets", ["assignee_id"], False),
            ("ix_tickets_customer_email", "tickets", ["customer_email"], False),
            ("ix_outbox_conversation_id", "outbox", ["conversation_id"], False),
            ("uq_jobs_key", "jobs", ["key"], True))
_TABLES = ("owner_changes", "staff_sessions", "presence", "audit_log", "notes",
           "conversation_tags", "canned_replies", "webhooks")


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")


def upgrade() -> None:
    """Adds eight tables, and columns to six."""
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.add_column(table, column())
    for table, name, kind, other in _REFERENCES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} "
                   f"CONSTRAINT fk_{table}_{name} REFERENCES {other} (id)")
    for name, table, columns, unique in _INDEXES:
        op.create_index(name, table, columns, unique=unique)
    op.create_table(
        "owner_changes",
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(16), nullable=False),
        sa.Column("agent_id", sa.String(32)),
        sa.Column("actor", sa.String(320), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _to("owner_changes", "conversation_id", "conversations"),
        _to("owner_changes", "agent_id", "staff"),
        sa.PrimaryKeyConstraint("conversation_id", "epoch", name="pk_owner_changes"),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        _to("staff_sessions", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_staff_sessions"),
    )
    op.create_index("ix_staff_sessions_staff_id", "staff_sessions", ["staff_id"])
    op.create_index("ix_staff_sessions_expires_at", "staff_sessions", ["expires_at"])
    op.create_table(
        "presence",
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("active_at", _MOMENT, nullable=False),
        _to("presence", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("staff_id", name="pk_presence"),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(320), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object_kind", sa.String(32), nullable=False),
        sa.Column("object_id", sa.String(255), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_actor", "audit_log", ["actor"])
    op.create_index("ix_audit_log_object", "audit_log", ["object_kind", "object_id"])
    op.create_index("ix_audit_log_created_at", "audit_log", ["created_at"])
    op.create_table(
        "notes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("mentions", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _to("notes", "conversation_id", "conversations"),
        _to("notes", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
    )
    op.create_index("ix_notes_conversation_id", "notes", ["conversation_id"])
    op.create_table(
        "conversation_tags",
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("tag", sa.String(40), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _to("conversation_tags", "conversation_id", "conversations"),
        sa.PrimaryKeyConstraint("conversation_id", "tag", name="pk_conversation_tags"),
    )
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("shortcut", sa.String(40), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("updated_by", sa.String(320), nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_canned_replies"),
        sa.UniqueConstraint("shortcut", name="uq_canned_replies_shortcut"),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )


def downgrade() -> None:
    """Drops them."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    for name, table, _columns, _unique in _INDEXES:
        op.drop_index(name, table)
    for table, name, _kind, _other in _REFERENCES:
        with op.batch_alter_table(table) as changed:
            changed.drop_constraint(f"fk_{table}_{name}", type_="foreignkey")
            changed.drop_column(name)
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.drop_column(table, column().name)
