"""The sandbox's page in a real browser: the real sandbox, a tiny app, a person who clicks and types."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from fmo_bot.sandbox.server import Options, Sandbox
from tests.e2e.tiny_app import ELEMENTS, TinyApp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
START = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="There is no chromium here; `apt-get install chromium` runs this."),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET), timeout=120_000)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Options(apps="one", start=START, patience=60)) as box:
        yield box


@pytest.fixture(scope="module")
def app(box: Sandbox) -> Iterator[TinyApp]:
    with TinyApp(box.url) as app:
        yield app


@pytest.fixture
def page(browser: Browser, box: Sandbox) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(60_000)
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("dialog", lambda dialog: trouble.append(dialog.message))
    page.goto(box.url)
    yield page
    page.close()
    assert trouble == []


def side(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=f"Workspace {name}")


def message(place: Locator, ts: str) -> Locator:
    return place.locator(f"[data-ts='{ts}']")


def become(place: Locator, name: str) -> None:
    place.get_by_role("combobox", name="You are").select_option(label=name)


def test_a_person_fills_the_form_corrects_an_error_and_reads_the_reply_in_the_thread(page: Page, app: TinyApp) -> None:
    huawei = side(page, "Huawei Delivery")
    asked = app.ask()

    # Step 1: be somebody and press the button, by keyboard.
    become(huawei, "Chen Yu")
    button = message(huawei, asked).get_by_role("button", name="Fill in")
    button.press("Enter")
    modal = huawei.get_by_role("dialog", name="Daily stand-up")
    done = modal.get_by_role("textbox", name="What did you finish?")
    expect(done).to_be_focused()

    # Step 2: what the client refuses, and what the app refuses, is said under the field; the text stays.
    done.fill("x" * 61)
    modal.get_by_role("button", name="Send").click()
    expect(done).to_have_attribute("aria-invalid", "true")
    expect(modal).to_contain_text("1 characters too long")
    done.fill("nothing")
    modal.get_by_role("radio", name="No").check()
    modal.get_by_role("button", name="Send").click()
    expect(modal).to_contain_text("Please say what it was.")
    expect(done).to_have_value("nothing")

    # Step 3: the app changes the open view; what was typed stays.
    done.fill("the SMF <build>")
    modal.get_by_role("radio", name="Yes").check()
    way = modal.get_by_role("textbox", name="What is in the way?")
    way.fill("a key")
    expect(done).to_have_value("the SMF <build>")

    # Step 4: both sides read the answer in the thread.
    modal.get_by_role("button", name="Send").click()
    expect(modal).to_be_hidden()
    expect(button).to_be_focused()
    telefonica = side(page, "Telefonica Redes")
    message(telefonica, asked).get_by_role("button", name="1 reply").click()
    thread = telefonica.get_by_role("list", name="Thread")
    expect(thread).to_contain_text("@Chen Yu finished: the SMF <build>")
    expect(thread).to_contain_text("Huawei Delivery")  # whose app wrote, for those outside that company


def test_escape_closes_a_modal_and_gives_the_focus_back(page: Page, app: TinyApp) -> None:
    huawei = side(page, "Huawei Delivery")
    button = message(huawei, app.ask()).get_by_role("button", name="Fill in")
    button.click()
    expect(huawei.get_by_role("dialog")).to_be_visible()

    page.keyboard.press("Escape")

    expect(huawei.get_by_role("dialog")).to_be_hidden()
    expect(button).to_be_focused()


def test_every_element_sends_what_was_chosen(page: Page, app: TinyApp) -> None:
    blocks = [{"type": "actions", "elements": ELEMENTS}]
    place = message(side(page, "Huawei Delivery"), app.post(text="Every element", blocks=blocks))

    def heard() -> Any:
        action = app.heard.get(timeout=60)
        return next(action[name] for name in CHOSEN if name in action)

    place.get_by_role("combobox", name="A side").select_option(label="No")
    assert heard()["value"] == "no"

    issue = place.get_by_role("combobox", name="An issue")
    issue.fill("amf")
    expect(place.get_by_role("option", name="CORE-1 amf")).to_be_visible()
    issue.press("ArrowDown")
    issue.press("Enter")
    assert heard()["value"] == "CORE-1"

    place.get_by_role("combobox", name="A person").select_option(label="Lucía Ortega · Telefonica Redes")
    assert heard() == "U0LUCIA"

    place.get_by_label("A day").fill("2026-11-20")
    assert heard() == "2026-11-20"

    place.get_by_role("radio", name="Yes").check()
    assert heard()["value"] == "yes"

    place.get_by_role("checkbox", name="Yes").check()
    assert [option["value"] for option in heard()] == ["yes"]

    place.get_by_role("button", name="More").click()
    place.get_by_role("menuitem", name="No").click()
    assert heard()["value"] == "no"

    place.get_by_role("button", name="Delete").click()
    question = page.get_by_role("dialog", name="Really?")
    question.get_by_role("button", name="Leave it").click()
    place.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Do it").click()
    assert heard() == "7"  # once: what was left was not sent
    assert app.heard.empty()


# Where the different elements keep what was chosen, in an action's payload.
CHOSEN = ("selected_option", "selected_options", "selected_user", "selected_date", "value")


def test_shortcuts_are_in_the_menu_of_a_message_and_beside_the_composer(page: Page, app: TinyApp) -> None:
    huawei = side(page, "Huawei Delivery")
    place = message(huawei, app.post(text="the roaming hub"))

    place.hover()
    place.get_by_role("button", name="Menu of the message").click()
    place.get_by_role("menuitem", name="Create Jira issue").click()
    modal = huawei.get_by_role("dialog", name="Shortcut")
    expect(modal).to_contain_text("About: the roaming hub")
    modal.get_by_role("button", name="Close this window").click()

    huawei.get_by_role("button", name="Shortcuts").click()
    huawei.get_by_role("menuitem", name="Submit stand-up").click()
    expect(modal).to_contain_text("About: nothing in particular")
    page.keyboard.press("Escape")
    expect(modal).to_be_hidden()


def test_what_one_person_says_the_other_company_reads_in_its_own_words_and_time(page: Page, app: TinyApp) -> None:
    telefonica = side(page, "Telefonica Redes")
    become(telefonica, "Elena Park")  # a guest
    field = telefonica.get_by_role("textbox", name="Message #joint-5g-core")
    field.fill("Is *this* <b>bold</b>, @Li Wei?")
    field.press("Enter")

    there = side(page, "Huawei Delivery").get_by_role("listitem").filter(has_text="Is this <b>bold</b>, @Li Wei?")
    expect(there).to_contain_text("Elena Park")
    expect(there).to_contain_text("Parkline Consulting")
    expect(there.locator("strong", has_text="this")).to_be_visible()
    expect(field).to_have_value("")


def test_an_unknown_command_is_refused_with_a_sentence_and_the_text_is_kept(page: Page) -> None:
    field = side(page, "Huawei Delivery").get_by_role("textbox", name="Message #joint-5g-core")
    field.fill("/nobody knows")
    field.press("Enter")

    expect(side(page, "Huawei Delivery").get_by_role("alert")).to_contain_text(
        ["/nobody is not a command in Huawei Delivery"]
    )
    expect(field).to_have_value("/nobody knows")


def test_nothing_that_is_said_becomes_markup_or_a_foreign_request(page: Page, app: TinyApp) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    evil = "<img src=x onerror=alert(1)>"
    app.post(
        text="hostile",
        blocks=[
            {"type": "section", "text": {"type": "plain_text", "text": evil}},
            {"type": "section", "text": {"type": "mrkdwn", "text": f"{evil} <javascript:alert(1)|press me>"}},
            {"type": "markdown", "text": f"{evil} [press me](javascript:alert(1))"},
            {"type": "image", "image_url": "https://elsewhere.example/x.png", "alt_text": "a foreign picture"},
        ],
    )
    message = side(page, "Huawei Delivery").get_by_role("listitem").filter(has_text="a foreign picture")
    expect(message).to_contain_text(evil)

    assert message.locator("img, script").count() == 0
    assert message.locator("a[href^='javascript']").count() == 0
    assert not [url for url in asked if "elsewhere.example" in url]


def test_the_clock_steps_in_every_zone(page: Page) -> None:
    clock = page.get_by_role("region", name="Calendar clock")
    shanghai = clock.get_by_role("listitem").filter(has_text="Shanghai")
    expect(shanghai).to_contain_text(re.compile(r"08:\d\d"))

    clock.get_by_role("button", name="+1 day").click()

    expect(shanghai).to_contain_text("Tue 17 Nov")
    expect(clock.get_by_role("listitem").filter(has_text="Mexico City")).to_contain_text("Mon 16 Nov")


def test_a_card_is_moved_and_flagged(page: Page) -> None:
    page.get_by_role("button", name="Jira board").click()
    board = page.get_by_role("region", name="Jira board")
    choice = board.get_by_role("combobox", name=re.compile("Status of CORE-")).first
    key = str(choice.get_attribute("aria-label")).removeprefix("Status of ")
    choice.select_option(label="In Progress")
    lane = board.get_by_role("region", name="In Progress")
    expect(lane.locator(f"[data-issue={key}]")).to_be_visible()

    flag = board.get_by_role("button", name=f"Flag {key}", exact=True)
    was = flag.get_attribute("aria-pressed")
    flag.click()

    expect(flag).to_have_attribute("aria-pressed", "false" if was == "true" else "true")


def test_faults_are_switched_on_and_off_again(page: Page, box: Sandbox) -> None:
    page.get_by_role("button", name="Faults").click()
    drawer = page.get_by_role("dialog", name="Faults")
    drawer.get_by_label("Slack answers 429").fill("0.5")
    drawer.get_by_role("button", name="Apply").click()
    expect(drawer).to_contain_text("In force from now on.")
    assert requests.get(f"{box.url}/control/faults", timeout=60).json()["rate_limited"] == 0.5

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Faults").click()
    expect(drawer.get_by_label("Slack answers 429")).to_have_value("0.5")
    drawer.get_by_role("button", name="All to 0").click()
    drawer.get_by_role("button", name="Apply").click()
    expect(drawer).to_contain_text("In force from now on.")
    assert requests.get(f"{box.url}/control/faults", timeout=60).json()["rate_limited"] == 0


def test_a_channel_is_shared_with_a_third_company_archived_and_renamed(page: Page, box: Sandbox) -> None:
    page.get_by_role("button", name="Channels").click()
    drawer = page.get_by_role("dialog", name="Channels")
    drawer.get_by_label("Channel").select_option(label="#joint-5g-core")
    drawer.get_by_role("group", name="Shared with").get_by_label("Parkline Consulting").check()
    drawer.get_by_role("button", name="Share").click()
    expect(drawer).to_contain_text("Shared with those.")
    drawer.get_by_role("group", name="May only post").get_by_label("Parkline Consulting").check()
    drawer.get_by_role("button", name="Limit").click()
    expect(drawer).to_contain_text("They may only post.")
    drawer.get_by_label("Name").fill("joint-core")
    drawer.get_by_role("button", name="Rename").click()
    expect(drawer).to_contain_text("Renamed.")

    (channel,) = [each for each in world(box)["channels"] if each["id"] == "C0JOINT"]
    assert (channel["name"], channel["limited"]) == ("joint-core", ["T0CONSULT"])
    assert channel["team_ids"] == ["T0HUAWEI", "T0TELEFON", "T0CONSULT"]
    for change in ({"name": "joint-5g-core"}, {"shared_with": ["T0TELEFON"]}):  # as the next test finds it
        requests.put(f"{box.url}/control/channels/C0JOINT", json=change, timeout=60).raise_for_status()


def world(box: Sandbox) -> Any:
    return requests.get(f"{box.url}/control/world", timeout=60).json()


def test_an_app_is_taken_out_of_a_workspace(page: Page, box: Sandbox) -> None:
    page.get_by_role("button", name="Apps").click()
    drawer = page.get_by_role("dialog", name="Apps")
    drawer.get_by_label("Installation").select_option(label="FMO bot (fmo) in Telefonica Redes")
    drawer.get_by_role("button", name="Uninstall").click()
    expect(drawer).to_contain_text("Taken out; the app has been told.")
    (app,) = world(box)["apps"]
    assert list(app["installed"]) == ["T0HUAWEI"]
    install(box, "T0TELEFON")  # as the next test finds it


def install(box: Sandbox, team: str) -> None:
    asked = {"client_id": "fmo.sandbox", "redirect_uri": "http://127.0.0.1/", "team": team}
    allowed = requests.get(f"{box.url}/slack/oauth/v2/allow", params=asked, allow_redirects=False, timeout=60)
    code = parse_qs(urlsplit(allowed.headers["location"]).query)["code"][0]
    told = {"client_id": "fmo.sandbox", "client_secret": "client-sandbox-fmo", "code": code}
    assert requests.post(f"{box.url}/slack/api/oauth.v2.access", data=told, timeout=60).json()["ok"]


# mrkdwn as a person with the zone of Madrid sees it, and the HTML it becomes.
MRKDWN = [
    ("*bold* _it_ ~no~ `a*b*c`", "<strong>bold</strong> <em>it</em> <s>no</s> <code>a*b*c</code>"),
    ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),  # signs inside words are only signs
    ("&lt;@U0LIWEI&gt; &amp;lt;", "&lt;@U0LIWEI&gt; &amp;lt;"),  # escaped once, undone once, never a mention
    ("<@U0LIWEI> <#C0JOINT>", '<span class="mention">@Li Wei</span> <span class="mention">#joint-5g-core</span>'),
    ("<!here>", '<span class="mention loud">@here</span>'),
    ("&gt; said\nthen", "<blockquote>said</blockquote>then"),
    ("```a\n*b*```", "<pre>a\n*b*</pre>"),
    ("<!date^1794816000^{date_num} {time}|soon>", "2026-11-16 09:00"),  # 08:00 UTC
    ("<!date^x^{time}|soon>", "soon"),
    ("<!date^1794816000^{nonsense}|soon>", "soon"),
]


def test_mrkdwn_is_drawn_as_slack_draws_it(page: Page) -> None:
    drawn = page.evaluate(
        """async (texts) => {
            const { mrkdwn } = await import("/static/mrkdwn.js");
            const { World } = await import("/static/world.js");
            const world = new World(await (await fetch("/control/world")).json());
            return texts.map((text) => {
                const box = document.createElement("div");
                box.append(mrkdwn(text, { world, person: world.person("U0LUCIA") }));
                for (const time of box.querySelectorAll("time")) time.replaceWith(time.textContent);
                return box.innerHTML;
            });
        }""",
        [text for text, _ in MRKDWN],
    )
    assert list(zip([text for text, _ in MRKDWN], drawn, strict=True)) == MRKDWN


def test_a_narrow_screen_shows_one_panel_at_a_time(page: Page) -> None:
    page.set_viewport_size({"width": 420, "height": 900})

    page.get_by_role("tab", name="Telefonica Redes").click()

    expect(side(page, "Telefonica Redes")).to_be_visible()
    expect(side(page, "Huawei Delivery")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
