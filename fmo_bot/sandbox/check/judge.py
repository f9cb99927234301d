"""The verdict: what was owed, held against Slack's record and Jira's record."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from fmo_bot.sandbox.check import oracle
from fmo_bot.sandbox.check.day import MISSING, WAITED_ON
from fmo_bot.sandbox.check.play import Json, World
from fmo_bot.sandbox.check.script import ASKER, AWAY, BLOCKED, DIGEST_ZONE, JOINT_CHANNEL, Member, Script, words

LABELS = {
    "Committed": "committed",
    "Added": "added",
    "Removed": "removed",
    "Completed": "completed",
    "Carried over": "carried_over",
    "Completed outside the sprint": "completed_outside",
}


@dataclass
class Verdict:
    """What was counted, and everything that is not as it should be."""

    workspaces: int = 0
    prompts: int = 0
    answers: int = 0
    summaries: int = 0
    sprint_reports: int = 0
    digests: int = 0
    complaints: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The one line the check ends with."""
        counts = (
            f"workspaces={self.workspaces} prompts={self.prompts} answers={self.answers} "
            f"summaries={self.summaries} sprint_reports={self.sprint_reports} digests={self.digests}"
        )
        return f"demo-check: {counts} {'FAILED' if self.complaints else 'ok'}"


@dataclass(frozen=True)
class Evidence:
    """What can be seen: the messages of apps, the direct conversations of each person, Jira's record."""

    messages: list[Json]
    conversations: dict[str, list[Json]]  # user -> their direct conversations
    jira: Json

    def direct(self, user: str) -> list[Json]:
        """Messages of apps to one person."""
        own = {conversation["id"] for conversation in self.conversations[user]}
        return [message for message in self.messages if message["channel"] in own]

    def joint(self) -> list[Json]:
        """Messages of apps in the joint channel, threads included."""
        return [message for message in self.messages if message["channel"] == JOINT_CHANNEL]


def evidence(world: World, script: Script) -> Evidence:
    """Read the records of the sandbox."""
    record = world.get("/control/record")
    people = [*script.members, *script.bystanders]
    return Evidence(
        messages=[one for one in record["messages"] if "app_id" in one["posted_by"] and not one.get("is_ephemeral")],
        conversations={
            user: [one for one in world.get(f"/control/as/{user}/conversations") if one["kind"] == "dm"]
            for user in people
        },
        jira=world.get(f"/control/jira/{script.site}/record"),
    )


def judge(seen: Evidence, script: Script, stages: oracle.Stages) -> Verdict:
    """Hold the records against the script."""
    verdict = Verdict()
    _judge_prompts(verdict, seen, script)
    parent = _judge_parent(verdict, seen, script)
    _judge_answers(verdict, seen, script, parent)
    _judge_summary(verdict, seen, script)
    _judge_sprint(verdict, seen, script, stages)
    _judge_digest(verdict, seen, script, stages)
    _judge_strays(verdict, seen, script)
    return verdict


def _judge_prompts(verdict: Verdict, seen: Evidence, script: Script) -> None:
    workspaces = set()
    for member in script.asked:
        prompts = [message for message in seen.direct(member.user) if _is_prompt(message)]
        verdict.prompts += len(prompts)
        if len(prompts) != 1:
            verdict.complaints.append(f"{member.name} was asked {len(prompts)} times instead of once")
        for prompt in prompts:
            workspaces.add(prompt["posted_by"]["team_id"])
            _judge_prompt(verdict, prompt, member, script)
    verdict.workspaces = len(workspaces)
    for user in (*AWAY, *script.bystanders):
        if seen.direct(user):
            verdict.complaints.append(
                f"{user} is away or not in the stand-up and got {len(seen.direct(user))} messages"
            )


def _judge_prompt(verdict: Verdict, prompt: Json, member: Member, script: Script) -> None:
    if not _same_minute(prompt["ts"], script.due(member)):
        verdict.complaints.append(f"{member.name} was asked at {member.wall(prompt['ts']):%a %H:%M} local time")
    if prompt["posted_by"]["team_id"] != member.home:
        verdict.complaints.append(f"{member.name} was asked by the app of {prompt['posted_by']['team_id']}")


def _judge_parent(verdict: Verdict, seen: Evidence, script: Script) -> Json | None:
    first = min(script.due(member) for member in script.asked)
    parents = [m for m in seen.joint() if _top(m) and _is_prompt(m) and "Summary" not in m["text"]]
    if len(parents) != 1:
        verdict.complaints.append(f"the round has {len(parents)} parent posts instead of one")
        return None
    if not _same_minute(parents[0]["ts"], first):
        verdict.complaints.append(f"the parent post came at {parents[0]['ts']}, not with the first prompt")
    for company, home in (("Huawei", "T0HUAWEI"), ("Telefonica", "T0TELEFON")):
        asked = sum(member.home == home for member in script.asked)
        answered = sum(member.home == home for member in script.answering)
        if f"{answered} of {asked} answered" not in _line(parents[0]["text"], company):
            verdict.complaints.append(f"the parent post does not count {answered} of {asked} for {company}")
    return parents[0]


def _judge_answers(verdict: Verdict, seen: Evidence, script: Script, parent: Json | None) -> None:
    for member in script.answering:
        said = [message for message in seen.joint() if words(member.user) in _all_text(message)]
        in_thread = [m for m in said if parent and m.get("thread_ts") == parent["ts"] and member.name in m["text"]]
        verdict.answers += len(in_thread)
        if len(said) != 1 or len(in_thread) != 1:
            verdict.complaints.append(f"the answer of {member.name} stands {len(said)} times in the joint channel")
    waits = [message for message in seen.joint() if MISSING in _all_text(message) and not _top(message)]
    direction = f"*Telefonica* waits on *{WAITED_ON}*"
    if [direction in message["text"] for message in waits] != [True]:
        verdict.complaints.append(f"the blocker of {script.members[BLOCKED].name} is not said as '{direction}' once")


def _judge_summary(verdict: Verdict, seen: Evidence, script: Script) -> None:
    summaries = [message for message in seen.joint() if message["text"].startswith("Summary")]
    verdict.summaries = len(summaries)
    if len(summaries) != 1 or not _same_minute(summaries[0]["ts"], script.closes):
        at = [datetime.fromtimestamp(float(message["ts"]), script.closes.tzinfo) for message in summaries]
        verdict.complaints.append(f"the summary came at {[str(when) for when in at]}, owed once at {script.closes}")
    elif MISSING not in _all_text(summaries[0]):
        verdict.complaints.append("the summary does not name the blocker that was raised")


def _judge_sprint(verdict: Verdict, seen: Evidence, script: Script, stages: oracle.Stages) -> None:
    private = [message for message in seen.direct(ASKER) if _top(message) and "Sprint report" in message["text"]]
    shared = [message for message in seen.joint() if message["text"].startswith("Sprint report:")]
    verdict.sprint_reports = len(shared)
    if script.sprint is None:
        told = [message for message in seen.direct(ASKER) if "sprint" in message["text"].lower()]
        if shared or not told:
            verdict.complaints.append("a board without sprints: the asker was not told so in a sentence")
        return
    if len(private) != 1 or len(shared) != 1:
        verdict.complaints.append(f"{len(private)} reports to the asker, {len(shared)} shared; owed: one each")
    sprint = next(one for one in seen.jira["sprints"] if one["id"] == script.sprint["id"])
    for report in (*private, *shared):
        at = datetime.fromtimestamp(float(report["ts"]), script.closes.tzinfo)
        expected = oracle.sprint_sets(seen.jira["issues"], sprint, stages, at)
        _compare_sets(verdict, report, expected)
        _judge_picture(verdict, seen, report)


def _compare_sets(verdict: Verdict, report: Json, expected: dict[str, set[str]]) -> None:
    shown = {name: 0 for name in LABELS.values()} | dict(_figures(report))
    for name, keys in expected.items():
        if shown[name] != len(keys):
            verdict.complaints.append(
                f"the sprint report says {name} = {shown[name]}; by Jira's record it is {len(keys)} {sorted(keys)}"
            )


def _figures(report: Json) -> Iterable[tuple[str, int]]:
    for block in report["blocks"]:
        for one in block.get("fields", ()):
            label, _, rest = one["text"].partition("\n")
            number = re.match(r"\d+", rest)
            if label.strip("*") in LABELS and number:
                yield LABELS[label.strip("*")], int(number[0])


def _judge_picture(verdict: Verdict, seen: Evidence, report: Json) -> None:
    thread = [m for m in seen.messages if m["channel"] == report["channel"] and m.get("thread_ts") == report["ts"]]
    pictures = [picture for message in thread for picture in message.get("files", ())]
    if len(pictures) != 1 or not pictures[0].get("alt_txt"):
        verdict.complaints.append(f"a report has {len(pictures)} pictures in its thread instead of one with alt text")


def _judge_digest(verdict: Verdict, seen: Evidence, script: Script, stages: oracle.Stages) -> None:
    digests = [message for message in seen.joint() if message["text"].startswith("Weekly digest")]
    verdict.digests = len(digests)
    if len(digests) != 1 or not _same_minute(digests[0]["ts"], script.digest):
        verdict.complaints.append(f"{len(digests)} digests; owed: one at {script.digest}")
        return
    monday = script.digest.date() - timedelta(days=script.digest.weekday())
    weeks = [datetime.combine(monday - timedelta(weeks=back), time(), DIGEST_ZONE) for back in range(5)]
    ends = [script.digest, *weeks]
    owed = [
        len(oracle.finished_between(seen.jira["issues"], stages, since, until, known_at=script.digest))
        for since, until in zip(weeks, ends, strict=False)
    ]
    told = re.search(r"(\d+) this week; the weeks before: ([\d, ]+)", digests[0]["text"])
    said = [int(told[1]), *(int(number) for number in reversed(told[2].split(",")))] if told else []
    if said != owed:
        verdict.complaints.append(f"the digest says {said} finished, this week first; by Jira's record it is {owed}")
    _judge_value(verdict, digests[0], owed[0])


def _judge_value(verdict: Verdict, digest: Json, finished: int) -> None:
    """Time to value is that of everything finished in the week, since no board of the script waits for releases."""
    line = next((line for line in digest["text"].splitlines() if line.startswith("*Time to value*")), "")
    found = re.search(r"\(n = (\d+)\)", line)
    if not line or (int(found[1]) if found else 0) != finished:
        verdict.complaints.append(f"time to value is of {line!r}; by Jira's record {finished} were finished")


def _judge_strays(verdict: Verdict, seen: Evidence, script: Script) -> None:
    """Nothing anywhere else, nothing twice, one installation in the joint channel."""
    direct = {one["id"] for conversations in seen.conversations.values() for one in conversations}
    for message in seen.messages:
        if message["channel"] != JOINT_CHANNEL and message["channel"] not in direct:
            verdict.complaints.append(f"a message stands in {message['channel']}: {message['text'][:80]}")
    posters = {(m["posted_by"]["app_id"], m["posted_by"]["team_id"]) for m in seen.joint()}
    if len(posters) > 1:
        verdict.complaints.append(f"several installations post in the joint channel: {sorted(posters)}")
    texts = [(message["channel"], message["text"]) for message in seen.messages if message["text"]]
    for channel, text in {one for one in texts if texts.count(one) > 1}:
        verdict.complaints.append(f"stands more than once in {channel}: {text[:80]}")
    for member in script.members.values():
        wrong = {m["posted_by"]["team_id"] for m in seen.direct(member.user)} - {member.home}
        if wrong:
            verdict.complaints.append(f"{member.name} got direct messages from the app of {sorted(wrong)}")


def _is_prompt(message: Json) -> bool:
    return "stand-up" in message["text"].lower() and "Weekly digest" not in message["text"]


def _top(message: Json) -> bool:
    return message.get("thread_ts") in (None, message["ts"])


def _same_minute(ts: str, at: datetime) -> bool:
    return int(float(ts)) // 60 == int(at.timestamp()) // 60


def _line(text: str, start: str) -> str:
    return next((line for line in text.splitlines() if line.lstrip("*").startswith(start)), "")


def _all_text(message: Any) -> str:
    """Every text of a message's blocks, or its top-level text."""
    if isinstance(message, dict):
        return "\n".join(_all_text(value) for key, value in message.items() if key in _TEXTS)
    if isinstance(message, list):
        return "\n".join(_all_text(one) for one in message)
    return str(message)


_TEXTS = frozenset({"text", "blocks", "elements", "fields"})
