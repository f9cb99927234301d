"""follows know what was told."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24m"
down_revision = "2026_11_24l"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("follow", schema=None) as batch_op:
        batch_op.drop_column("seen_history")


def downgrade() -> None:
    with op.batch_alter_table("follow", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seen_history", sa.INTEGER(), nullable=False, server_default="0"))
