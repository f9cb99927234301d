"""Settings for a command: from the environment and `.env` in the working directory, with logging set up by them."""

import os
from pathlib import Path

from config.logging import configure
from config.settings import Settings


def settings_and_logging() -> Settings:
    """The settings; raises SettingsWrong."""
    settings = Settings.read(os.environ, Path(".env"))
    configure(level=settings.log_level, style=settings.log_format)
    without_proxy()
    return settings


def without_proxy() -> None:
    """Take the proxies out of the environment: each client is told its way by the settings, which have read them.

    Libraries read them each in its own way, and some go through a proxy even to this machine.
    """
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ.pop(name, None)
        os.environ.pop(name.lower(), None)
