"""`python -m fmo_bot` is `fmo-bot`."""

from fmo_bot.cli import main

main()
