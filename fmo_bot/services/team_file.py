"""Reading a team file: YAML without its traps, with limits, and with the workflow file beside it."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from fmo_bot.errors import FileWrong

MAX_BYTES = 512_000
_MAX_DEPTH = 12


class _Loader(yaml.SafeLoader):
    """Plain YAML 1.2 scalars, so `off`, `NO` and `10:30` mean what they say; no aliases, no doubled keys."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own shape

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases (a small file could unfold into a huge one) and deep nesting."""
        if self.check_event(yaml.AliasEvent):
            raise _fault("aliases (*name) are not allowed", self)
        self.depth = getattr(self, "depth", 0) + 1
        if self.depth > _MAX_DEPTH:
            raise _fault("nested too deeply", self)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that stands twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(None, None, f"`{key.value}` stands here twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _fault(problem: str, loader: _Loader) -> yaml.MarkedYAMLError:
    place: Any = loader.peek_event()  # type: ignore[no-untyped-call]
    return yaml.MarkedYAMLError(None, None, problem, place.start_mark)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]{0,8})$"), list("-0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])


def read(path: Path) -> dict[str, Any]:
    """The mapping in a team file, `workflow: {file: …}` of a board replaced by what that file holds.

    Raises `FileWrong`, which names the file, the line and the reason.
    """
    mapping = read_yaml(path)
    read_in: dict[str, Any] = {}
    if "board" in mapping:
        read_in["board"] = _with_workflow(mapping["board"], path)
    if isinstance(others := mapping.get("other_boards"), list):
        read_in["other_boards"] = [_with_workflow(each, path) for each in others]
    return mapping | read_in


def _with_workflow(board: Any, path: Path) -> Any:
    workflow = board.get("workflow") if isinstance(board, dict) else None
    if isinstance(workflow, dict) and set(workflow) == {"file"}:
        return board | {"workflow": read_yaml(path.parent / str(workflow["file"]))}
    return board


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in one YAML file; raises `FileWrong`."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileWrong(f"{path}: cannot be read ({error.strerror}).") from error
    if len(raw) > MAX_BYTES:
        raise FileWrong(f"{path}: longer than {MAX_BYTES:,} bytes.")
    try:
        loaded = yaml.load(raw, Loader=_Loader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise FileWrong(f"{path}: {line}{error.problem}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FileWrong(f"{path}: not readable as YAML in UTF-8 ({error}).") from error
    if not isinstance(loaded, dict):
        raise FileWrong(f"{path}: line 1: expected `key: value` lines.")
    return loaded
