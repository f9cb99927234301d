"""A team file: what it may say, and how its faults are told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fmo_bot.domain.parties import Role
from fmo_bot.errors import FileWrong
from fmo_bot.services import team_file
from fmo_bot.services.team_checks import parse

CONFIG = Path(__file__).parents[2] / "config"
EXAMPLE = CONFIG / "team.example.yaml"


def example() -> dict[str, Any]:
    return team_file.read(EXAMPLE)


def test_the_example_in_the_repository_is_a_good_file() -> None:
    spec = parse(example())
    assert [side.organisation for side in spec.sides.values()] == ["Huawei", "Telefonica"]
    assert spec.sides["vendor"].members[0].role is Role.SCRUM_MASTER  # type: ignore[index]
    assert spec.board.workflow is None
    assert spec.standups[0].at == "09:00"


def test_the_demos_file_has_nine_participants() -> None:
    spec = parse(team_file.read(CONFIG / "demo" / "team.yaml"))
    roles = [member.role for side in spec.sides.values() for member in side.members]
    assert sum(role is not Role.STAKEHOLDER for role in roles) == 9


def vendor(file: dict[str, Any]) -> dict[str, Any]:
    side: dict[str, Any] = file["sides"]["vendor"]
    return side


FAULTS: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    # a key nobody knows
    (lambda file: file.update(colour="blue"), "file: unknown key `colour`"),
    # something left out, deep down
    (lambda file: vendor(file)["members"][1].pop("name"), "sides.vendor.members[1].name: missing"),
    (
        lambda file: vendor(file)["members"][2].update(zone="Mars/Base"),
        "sides.vendor.members[2].zone: `Mars/Base` is not a time zone such as Europe/Madrid",
    ),
    (
        lambda file: vendor(file)["members"][0].update(role="boss"),
        "sides.vendor.members[0].role: `boss` is not one of participant, scrum_master, stakeholder",
    ),
    (
        lambda file: vendor(file)["members"][2]["away"][0].update(until="2026-01-01"),
        "sides.vendor.members[2].away[0]: ends on 2026-01-01, before it begins on 2026-11-18",
    ),
    # a company that is not in the list
    (lambda file: file.update(host="Nobody"), "host: `Nobody` is not among the organisations"),
    # the same person twice
    (
        lambda file: vendor(file)["members"][1].update(user="U0LIWEI"),
        "sides: member `U0LIWEI` of workspace `T0HUAWEI` stands here twice",
    ),
    (
        lambda file: vendor(file)["calendar"].update(country="ZZ"),
        "sides.vendor.calendar.country: `ZZ` is not a country code such as CN or ES",
    ),
    (
        lambda file: file["sides"]["operator"]["calendar"].update(region="ZZ"),
        "sides.operator.calendar.region: `ZZ` is no region of ES",
    ),
    # a channel of a workspace without our app
    (
        lambda file: file["channel"].update(workspace="T0CONSULT"),
        "channel.workspace: `T0CONSULT` is no workspace of the organisations",
    ),
    (lambda file: file["standups"][0].update(at="25:00"), "standups[0].at: `25:00` is not a time such as 09:00"),
    (lambda file: file["standups"][0].update(days=[]), "standups[0].days: a list of days such as [mon, tue] is needed"),
    (lambda file: file.update(sides={"vendor": vendor(file)}), "sides: a joint team has two sides or more"),
    (
        lambda file: file["standups"][0].update(reminder_minutes=240),
        "standups[0].reminder_minutes: a reminder comes within the 240 minutes in which one may answer",
    ),
    (
        lambda file: file["standups"][0].update(spread_minutes=-1),
        "standups[0].spread_minutes: `-1` is not a whole number from 0 to 240",
    ),
    # a name that would draw a second line in every log and message
    (lambda file: file.update(team="5G\nCore"), "team: `5G Core` is not a name of 1 to 80 characters"),
    (lambda file: file.update(team="5G\ud800"), "team: `5G?` is not a name of 1 to 80 characters"),
]


@pytest.mark.parametrize(("spoil", "told"), FAULTS, ids=[told.split(":")[0] for _, told in FAULTS])
def test_a_fault_is_told_with_its_place(spoil: Callable[[dict[str, Any]], object], told: str) -> None:
    file = example()
    spoil(file)
    with pytest.raises(FileWrong) as wrong:
        parse(file)
    assert told in str(wrong.value).splitlines()


def test_all_faults_are_told_at_once() -> None:
    file = example()
    file["zone"] = "Mars/Base"
    file["standups"][0]["window_minutes"] = 0
    file["channel"] = "#joint"
    with pytest.raises(FileWrong) as wrong:
        parse(file)
    assert len(str(wrong.value).splitlines()) == 3


def test_a_faulty_workflow_is_told_with_its_place() -> None:
    file = example()
    file["board"]["workflow"] = {"commitment": "Nowhere", "stages": []}
    with pytest.raises(FileWrong, match=r"^board\.workflow"):
        parse(file)


@pytest.mark.parametrize("mapping", [[], "team", None, 7])
def test_what_is_no_mapping_is_refused(mapping: Any) -> None:
    with pytest.raises(FileWrong, match="expected `key: value` lines"):
        parse(mapping)


def test_a_huge_file_is_refused() -> None:
    with pytest.raises(FileWrong, match="20,000 are allowed"):
        parse({"team": [[0] * 1000] * 30})


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("team: [", "line 1"),  # not YAML
        ("team: A\nteam: B", "line 2: `team` stands here twice"),
        ("a: &x [1]\nb: *x", r"line 2: aliases \(\*name\) are not allowed"),  # a small file that would unfold
        ("[" * 40, "line 1: nested too deeply"),
        ("- a list", "expected `key: value` lines"),
        ("a: !!python/name:os.system x", "could not determine a constructor"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(FileWrong, match=told):
        team_file.read_yaml(write(tmp_path / "team.yaml", text))


def test_a_missing_file_is_told() -> None:
    with pytest.raises(FileWrong, match="cannot be read"):
        team_file.read_yaml(Path("no-such-team.yaml"))


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(FileWrong, match="longer than 512,000 bytes"):
        team_file.read_yaml(write(tmp_path / "team.yaml", "#" * 600_000))


def test_times_countries_and_off_mean_what_they_say(tmp_path: Path) -> None:
    """YAML 1.1 reads 10:30 as 630, NO and off as false."""
    path = write(tmp_path / "team.yaml", "at: 10:30\ncountry: NO\noff: [2026-12-25]")
    assert team_file.read_yaml(path) == {"at": "10:30", "country": "NO", "off": ["2026-12-25"]}


def test_a_workflow_file_stands_beside_the_team_file(tmp_path: Path) -> None:
    write(tmp_path / "flow.yaml", "commitment: Doing")
    path = write(tmp_path / "team.yaml", "board: {id: 1, workflow: {file: flow.yaml}}")
    assert team_file.read(path) == {"board": {"id": 1, "workflow": {"commitment": "Doing"}}}
