"""`fmo-bot` run in this process as a person runs it: files in, what it wrote and its exit code out."""

import gc
import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from fmo_bot.cli import run


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def content(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


def fmo_bot(*arguments: object) -> Ended:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    argv = ["fmo-bot", *(str(argument) for argument in arguments)]
    with patch.object(sys, "argv", argv), redirect_stdout(out), redirect_stderr(err):
        code = _ended()
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read())
    return Ended(code, *texts)


def _ended() -> int:
    try:
        run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    finally:
        gc.enable()  # a process of its own need not
    return 0


@dataclass(frozen=True)
class Desk:
    """A folder with the files that the commands read."""

    folder: Path

    def issues(self, raws: list[dict[str, Any]]) -> Path:
        return self._put("issues.jsonl", "".join(json.dumps(raw) + "\n" for raw in raws))

    def workflow(self, content: dict[str, Any]) -> Path:
        return self._put("workflow.yaml", yaml.safe_dump(content, allow_unicode=True, sort_keys=False))

    def sprints(self, raws: list[dict[str, Any]]) -> Path:
        return self._put("sprints.json", json.dumps(raws))

    def flow(self, raws: list[dict[str, Any]], workflow: dict[str, Any], *options: object) -> dict[str, Any]:
        files = ("--issues", self.issues(raws), "--workflow", self.workflow(workflow))
        found: dict[str, Any] = fmo_bot("report", "flow", *files, "--format", "json", *options).content
        return found

    def sprint(
        self,
        raws: list[dict[str, Any]],
        sprints: list[dict[str, Any]],
        number: int,
        workflow: dict[str, Any],
        *options: object,
    ) -> dict[str, Any]:
        files = (
            "--issues",
            self.issues(raws),
            "--sprints",
            self.sprints(sprints),
            "--workflow",
            self.workflow(workflow),
        )
        found: dict[str, Any] = fmo_bot(
            "report", "sprint", *files, "--sprint", number, "--format", "json", *options
        ).content
        return found

    def _put(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path
