"""replies are found by the message they answer."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24n"
down_revision = "2026_11_24m"
branch_labels = None
depends_on = None

_REPLIES = sa.text("thread_message_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_thread",
            ["thread_message_id"],
            unique=False,
            sqlite_where=_REPLIES,
            postgresql_where=_REPLIES,
        )


def downgrade() -> None:
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_thread", sqlite_where=_REPLIES, postgresql_where=_REPLIES)
