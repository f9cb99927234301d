"""Takes the README's picture: a demo whose joint working day has been played, photographed at its page.

Run from the repository's root with Debian's chromium installed: `make pictures`.
"""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from fmo_bot.cli.stage import Plan, stage
from fmo_bot.sandbox.check.day import play
from fmo_bot.sandbox.check.play import World
from fmo_bot.sandbox.check.script import script_of
from fmo_bot.sandbox.server import Options

HERE = Path(__file__).parent
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


def main() -> None:
    """Play the day, open the page, photograph it."""
    with stage(Plan(sandbox=Options(), workflow=None, folder=Path("var/pictures"), one_day=True)) as running:
        world = World(running.sandbox.url)
        complaints = play(world, script_of(world.get("/control/world")))
        if complaints:
            sys.exit("\n".join(complaints))
        with sync_playwright() as browsers:
            browser = browsers.chromium.launch(executable_path="/usr/bin/chromium", args=list(_FLAGS))
            page = browser.new_page(viewport={"width": 1400, "height": 1000}, device_scale_factor=1.5)
            page.goto(running.sandbox.url)
            _photograph(page, HERE / "joint-channel.png")
            browser.close()
    subprocess.run(["git", "status", "--short", str(HERE)], check=True)


def _photograph(page: Page, file: Path) -> None:
    """The vendor reads the round's thread, the operator the sprint report's."""
    page.get_by_text("Weekly digest").first.wait_for()
    page.get_by_text("6 replies").first.click()
    page.get_by_text("2 replies").last.click()
    page.wait_for_timeout(1_500)  # pictures in a thread load after its text
    page.screenshot(path=str(file))


if __name__ == "__main__":
    main()
