"""Settings for a command: from the environment and `.env` in the working directory, with logging set up by them."""

import os
from pathlib import Path

from config.logging import configure
from config.settings import Settings


def settings_and_logging() -> Settings:
    """The settings; raises SettingsWrong."""
    settings = Settings.read(os.environ, Path(".env"))
    configure(level=settings.log_level, style=settings.log_format)
    return settings
