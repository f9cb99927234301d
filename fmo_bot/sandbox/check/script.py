"""What is played: who is asked when, who answers, who stays silent; worked out from the world alone."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

JOINT_CHANNEL = "C0JOINT"
ASKED_AT = time(9)
ANSWER_WITHIN = timedelta(minutes=240)
DIGEST_AT, DIGEST_ZONE = time(18), ZoneInfo("Europe/Madrid")

PARTICIPANTS = (
    *("U0LIWEI", "U0CHENYU", "U0ZHAOMIN", "U0AISYAH", "U0RAJESH"),
    *("U0LUCIA", "U0JAVIER", "U0SOFIA", "U0DIEGO"),
)
AWAY = frozenset({"U0RAJESH"})
SILENT = frozenset({"U0ZHAOMIN", "U0DIEGO"})
BLOCKED = "U0LUCIA"  # says that her work waits on the other company
ASKER = "U0LIWEI"  # asks for the sprint report and shares it


@dataclass(frozen=True, kw_only=True)
class Member:
    """One person of the script, as the world describes them."""

    user: str
    name: str
    home: str
    zone: ZoneInfo

    def wall(self, ts: str) -> datetime:
        """A Slack ts on this person's own clock."""
        return datetime.fromtimestamp(float(ts), self.zone)


@dataclass(frozen=True, kw_only=True)
class Script:
    """The day to be played. Instants are aware; `sprint` is Jira's own description, None for a board without."""

    day: date
    members: dict[str, Member]
    bystanders: dict[str, Member]  # everybody else in the world: never asked
    sprint: dict[str, Any] | None
    board: int
    site: str
    digest_day: date

    @property
    def asked(self) -> list[Member]:
        """Who is owed a prompt."""
        return [member for member in self.members.values() if member.user not in AWAY]

    @property
    def answering(self) -> list[Member]:
        """Who answers."""
        return [member for member in self.asked if member.user not in SILENT]

    def due(self, member: Member) -> datetime:
        """When a member is to be asked."""
        return datetime.combine(self.day, ASKED_AT, member.zone)

    @property
    def closes(self) -> datetime:
        """When the last window has passed."""
        return max(self.due(member) for member in self.asked) + ANSWER_WITHIN

    @property
    def digest(self) -> datetime:
        """When the digest is owed."""
        return datetime.combine(self.digest_day, DIGEST_AT, DIGEST_ZONE)

    @property
    def sprint_over(self) -> datetime | None:
        """The instant the sprint was completed."""
        return datetime.fromisoformat(self.sprint["end"]) if self.sprint else None


def script_of(world: dict[str, Any]) -> Script:
    """The script for a world as `GET /control/world` tells it."""
    now = datetime.fromisoformat(world["now"])
    people = {
        person["id"]: Member(
            user=person["id"], name=person["real_name"], home=person["team_id"], zone=ZoneInfo(person["tz"])
        )
        for person in world["people"]
    }
    site = world["jira"][0]
    sprint = site.get("busiest_sprint")
    return Script(
        day=now.date(),
        members={user: people[user] for user in PARTICIPANTS},
        bystanders={user: person for user, person in people.items() if user not in PARTICIPANTS},
        sprint=sprint,
        board=site["boards"][0]["id"],
        site=site["site"],
        digest_day=datetime.fromisoformat(sprint["end"]).date() if sprint else now.date(),
    )


# What each says, one text per question in turn; the first is nobody else's.
SAID = {
    "U0LIWEI": (
        "Slice template for the roaming profile merged (CORE-47)",
        "Pair with Madrid on the charging interface",
    ),
    "U0CHENYU": ("Alarm correlation passes on the lab core", "Load test with 40,000 sessions"),
    "U0AISYAH": ("Handover counters exported every five minutes", "Dashboards for the night shift"),
    "U0LUCIA": ("Roaming case ready for the joint test", "Run it as soon as the profiles are here"),
    "U0JAVIER": ("Acceptance notes for the slice in production", "Review the firewall rules with Querétaro"),
    "U0SOFIA": ("Tariff table loaded into the test system", "Compare the first rated records"),
}


def words(user: str) -> str:
    """Words only this person's answer holds."""
    return SAID[user][0]
