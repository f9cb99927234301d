"""reminders, spread, and who was told of trouble.

The stand-ups there are get no spread: their members go on being asked at the minute.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24"
down_revision = "2026_11_23"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("ceremony", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reminder_minutes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("spread_minutes", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.add_column(sa.Column("dm_tried_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("team_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_message_team_id"), "joint_team", ["team_id"], ["id"])

    with op.batch_alter_table("occurrence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("occurrence", schema=None) as batch_op:
        batch_op.drop_column("told_at")

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_message_team_id"), type_="foreignkey")
        batch_op.drop_column("team_id")

    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_column("dm_tried_at")

    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_column("told_at")

    with op.batch_alter_table("ceremony", schema=None) as batch_op:
        batch_op.drop_column("spread_minutes")
        batch_op.drop_column("reminder_minutes")
