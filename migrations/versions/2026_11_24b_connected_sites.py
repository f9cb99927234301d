"""sites connected in the database, their pauses, and consents under way.

The sites there are stay those of the settings.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24b"
down_revision = "2026_11_24"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("browser", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("state", name=op.f("uq_consent_state")),
        sa.UniqueConstraint("ticket", name=op.f("uq_consent_ticket")),
    )
    with op.batch_alter_table("jira_site", schema=None) as batch_op:
        batch_op.add_column(sa.Column("organisation_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("url", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("api_url", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("flavour", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("auth", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("account", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("credentials", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("webhook_secret", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("webhook_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ca_bundle", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("renewing", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("renewing_until", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("paused_until", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("paused_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("pause_reason", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("pauses", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_foreign_key(
            batch_op.f("fk_jira_site_organisation_id"), "organisation", ["organisation_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("jira_site", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_jira_site_organisation_id"), type_="foreignkey")
        batch_op.drop_column("pauses")
        batch_op.drop_column("pause_reason")
        batch_op.drop_column("paused_since")
        batch_op.drop_column("paused_until")
        batch_op.drop_column("renewing_until")
        batch_op.drop_column("renewing")
        batch_op.drop_column("version")
        batch_op.drop_column("ca_bundle")
        batch_op.drop_column("expires_at")
        batch_op.drop_column("webhook_at")
        batch_op.drop_column("webhook_secret")
        batch_op.drop_column("credentials")
        batch_op.drop_column("account")
        batch_op.drop_column("auth")
        batch_op.drop_column("flavour")
        batch_op.drop_column("api_url")
        batch_op.drop_column("url")
        batch_op.drop_column("organisation_id")

    op.drop_table("consent")
