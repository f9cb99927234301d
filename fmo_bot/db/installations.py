"""Rows of where our Slack apps are installed: by OAuth with sealed tokens, or with a token of the settings."""

from datetime import datetime
from typing import Any

from sqlalchemy import Float, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fmo_bot.db.base import Base
from fmo_bot.db.secrets import Sealed, SealedText

_OF_ENTERPRISE = text("team_id IS NULL")


class InstallationRow(Base):
    """One Slack app in one workspace, or (`team_id` None) in the workspaces of one Enterprise Grid organisation."""

    __tablename__ = "installation"
    __table_args__ = (
        UniqueConstraint("app_key", "team_id"),
        Index(
            "uq_installation_enterprise",
            "app_key",
            "enterprise_id",
            unique=True,
            sqlite_where=_OF_ENTERPRISE,
            postgresql_where=_OF_ENTERPRISE,
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    app_key: Mapped[str]  # which Slack app of the settings
    team_id: Mapped[str | None]
    enterprise_id: Mapped[str | None]
    team_name: Mapped[str] = mapped_column(default="")
    app_id: Mapped[str | None] = mapped_column(default=None)
    bot_id: Mapped[str] = mapped_column(default="")
    bot_user_id: Mapped[str] = mapped_column(default="")
    teams: Mapped[list[Any]] = mapped_column(default_factory=list)  # of an organisation: the workspaces it may speak in
    credentials: Mapped[Sealed | None] = mapped_column(SealedText, default=None)  # services.sites.Credentials
    expires_at: Mapped[float | None] = mapped_column(Float, default=None)  # of a token that is renewed: machine time
    scopes: Mapped[list[Any]] = mapped_column(default_factory=list)
    installed_by: Mapped[str | None] = mapped_column(default=None)  # Slack user id; None: whoever keeps the settings
    installed_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)  # None: it is live
    ended_why: Mapped[str | None] = mapped_column(default=None)
    trouble: Mapped[str | None] = mapped_column(default=None)  # why the token could not be renewed
    version: Mapped[int] = mapped_column(default=0)  # grows with every change: processes read it anew
    # Who renews the token now; machine time. See services.renewals.
    renewing: Mapped[str | None] = mapped_column(default=None)
    renewing_until: Mapped[float] = mapped_column(Float, default=0.0)
