"""deliveries are read from their index in the order in which they are due, first come first served."""

from alembic import op

revision = "2026_11_24e"
down_revision = "2026_11_24d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_state_due"))
        batch_op.create_index("ix_delivery_state_due", ["state", "due", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_state_due")
        batch_op.create_index(batch_op.f("ix_delivery_state_due"), ["state", "due"], unique=False)
