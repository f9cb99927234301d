"""Settings for a command: from the environment and `.env` in the working directory, with logging set up by them."""

import os
from pathlib import Path

from config.logging import configure
from config.settings import Settings


def settings_and_logging() -> Settings:
    """The settings; raises SettingsWrong."""
    settings = Settings.read(os.environ, Path(".env"))
    configure(level=settings.log_level, style=settings.log_format)
    if settings.clock_url is not None:
        without_proxy()
    return settings


def without_proxy() -> None:
    """Every address of the sandbox is on this machine, where no proxy reaches; libraries would ask one all the same."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ.pop(name, None)
        os.environ.pop(name.lower(), None)
