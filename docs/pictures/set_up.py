"""Sets a joint team up on the sandbox's page, as a person would, and photographs every screen on the way.

Run from the repository's root with Debian's chromium installed: `make pictures-set-up`. It prints how many screens and
clicks it took, and how many words a person reads on the way.
"""

import sys
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

from config.settings import Settings
from fmo_bot.bootstrap.bot import Bot
from fmo_bot.sandbox.server import Options, Sandbox
from handlers.door import Door
from tests.integration.door_support import given_for
from tests.integration.wizard_support import companies

HERE = Path(__file__).parent / "set-up"
START = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
# What is to be read: of a list that is not unfolded only what is chosen.
_SHOWN = """(place) => {
    const words = [], walk = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const holder = walk.currentNode.parentElement;
        if (holder.closest("option:not(:checked), nav, header.bar, .unseen, script, style")) continue;
        if (holder.closest("option") || holder.offsetParent) words.push(walk.currentNode.textContent);
    }
    return words.join(" ");
}"""
_PATIENCE = 60_000  # milliseconds


@dataclass
class Journey:
    """A person at the page, counting."""

    page: Page
    folder: Path
    screens: int = 0
    clicks: int = 0
    words: int = 0

    @property
    def side(self) -> Locator:
        """The column of Huawei's workspace, in which Li Wei sits."""
        return self.page.get_by_role("region", name="Workspace Huawei Delivery")

    @property
    def messages(self) -> Locator:
        """What stands in the open conversation."""
        return self.side.get_by_role("list", name="Messages")

    @property
    def window(self) -> Locator:
        """The open window."""
        return self.side.get_by_role("dialog")

    def click(self, place: Locator) -> None:
        """Press something."""
        place.click()
        self.clicks += 1

    def photograph(self, name: str, what: Locator) -> None:
        """Keep a screen as a picture."""
        self.screens += 1
        self.words += len(str(what.evaluate(_SHOWN)).split())
        self.page.wait_for_timeout(400)  # transitions
        what.screenshot(path=str(self.folder / f"{self.screens:02}-{name}.png"))

    def step(self, number: int, name: str, *, send: str = "Next") -> None:
        """Wait for a window, photograph it as it is, send it."""
        self.window.get_by_text(f"step {number} of 7").wait_for()
        self.photograph(name, self.window)
        self.click(self.window.get_by_role("button", name=send, exact=True))


def main(folder: Path = HERE) -> None:
    """From the mention to the test prompt."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, Sandbox(Options(start=START, transport="socket")) as box:
        settings = Settings.read(given_for(box, Path(place)))
        with Bot(settings) as bot, Door(bot) as door, sync_playwright() as browsers:
            companies(bot.store)
            serving = threading.Thread(target=door.serve)
            serving.start()
            browser = browsers.chromium.launch(executable_path="/usr/bin/chromium", args=list(_FLAGS))
            page = browser.new_page(viewport={"width": 1400, "height": 1600}, device_scale_factor=1)
            page.set_default_timeout(_PATIENCE)
            try:
                page.goto(box.url)
                told = _walk(Journey(page, folder))
            finally:
                browser.close()
                door.stop()
                serving.join(60)
    sys.stdout.write(f"{told}\n")


def _walk(way: Journey) -> str:
    way.side.get_by_role("combobox", name="You are").select_option(label="Li Wei")
    field = way.side.get_by_role("textbox", name="Message #joint-5g-core")
    field.fill("@FMO bot")
    field.press("Enter")
    way.clicks += 1
    way.click(way.side.get_by_role("button", name="FMO bot").first)
    begin = way.side.get_by_role("button", name="Begin")
    begin.wait_for()
    way.photograph("card", way.messages)
    way.click(begin)
    for number, name in enumerate(("sides", "people", "duties", "board", "stages", "times"), start=1):
        way.step(number, name)
    way.step(7, "summary", send="Post")
    attempt = way.side.get_by_role("button", name="Try the stand-up")
    attempt.wait_for()
    way.photograph("posted", way.messages.get_by_role("listitem").last)
    way.click(attempt)
    way.window.get_by_role("textbox").first.wait_for()
    way.photograph("trial", way.window)
    return f"{way.screens} screens, {way.clicks} clicks, {way.words} words"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
