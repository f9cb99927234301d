"""The command line: `fmo-bot`. One file per group of commands; rooms are imported inside each command."""


def main() -> None:
    """Run the command line."""
    raise SystemExit("not built yet")
