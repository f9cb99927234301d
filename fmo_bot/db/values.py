"""Frozen values in JSON columns: the one place between our dataclasses and what a database can keep.

Instants are stored as ISO 8601 in UTC, dates as ISO 8601, tuples as lists. A field that is not in the stored value
takes its default and one that is no longer known is left out, so a value survives a change of its class. Where a field
may hold anything (`dict[str, Any]`), instants, dates, issues and persons carry a tag and come back as what they were.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache, partial
from typing import Any, TypeVar

import msgspec
from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union

from fmo_bot.domain.messages import Message
from fmo_bot.domain.names import IssueName
from fmo_bot.domain.parties import Person

T = TypeVar("T")


def to_json(value: object) -> dict[str, Any]:
    """A frozen dataclass as JSON: dicts, lists, strings, numbers, booleans, None."""
    stored: dict[str, Any] = _converter.unstructure(value)
    return stored


def from_json(cls: type[T], stored: dict[str, Any]) -> T:
    """The value back; raises an exception group of `cattrs` that names every field which does not fit."""
    return _converter.structure(stored, cls)


def pack(value: object) -> str:
    """A frozen dataclass of plain fields as JSON text: for what is stored by the ten thousand."""
    return _encoder.encode(value).decode()


def unpack(cls: type[T], packed: str) -> T:
    """The value back, checked against its class. Raises ValueError where it is another one's."""
    return msgspec.json.decode(packed, type=cls)


def pack_row(value: tuple[Any, ...]) -> bytes:
    """A named tuple of plain fields, without their names: for what is read by the ten thousand."""
    return _rows.encode(value)


def unpack_row(cls: type[T], packed: bytes) -> T:
    """The value back, as the same version of its class packed it."""
    known: Any = cls
    value: T = _row_of(known).decode(packed)
    return value


def pack_numbers(value: Mapping[str, int]) -> bytes:
    """Numbers by name."""
    return _rows.encode(value)


def unpack_numbers(packed: bytes) -> dict[str, int]:
    """The same back."""
    return _numbers.decode(packed)


@cache
def _row_of(cls: type[Any]) -> "msgspec.msgpack.Decoder[Any]":
    return msgspec.msgpack.Decoder(cls)


def message_to_json(message: Message) -> dict[str, Any]:
    """A message as JSON, tagged with its class under `message`."""
    stored: dict[str, Any] = _converter.unstructure(message, unstructure_as=Message)
    return stored


def message_from_json(stored: dict[str, Any]) -> Message:
    """The message back, as the class its tag names."""
    message: Message = _converter.structure(stored, Message)  # type: ignore[arg-type]  # a union is no class
    return message


def _instant_to_json(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return value.astimezone(UTC).isoformat()


def _instant_from_json(stored: str, _: object = None) -> datetime:
    value = datetime.fromisoformat(stored)
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return value


# What may stand in a field that holds anything: tag -> (class, how it is stored, how it comes back). A datetime is also
# a date, so it is looked for first.
_TAGGED: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "$instant": (datetime, _instant_to_json, _instant_from_json),
    "$date": (date, date.isoformat, date.fromisoformat),
    "$issue": (IssueName, to_json, partial(from_json, IssueName)),
    "$person": (Person, lambda person: [person.workspace, person.user], lambda stored: Person(*stored)),
}


def _anything_to_json(value: Any) -> Any:
    for tag, (cls, store, _) in _TAGGED.items():
        if isinstance(value, cls):
            return {tag: store(value)}
    if isinstance(value, dict):
        return {key: _anything_to_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_anything_to_json(each) for each in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"a message cannot carry a {type(value).__name__}")


def _anything_from_json(stored: Any) -> Any:
    if isinstance(stored, list):
        return [_anything_from_json(each) for each in stored]
    if not isinstance(stored, dict):
        return stored
    if len(stored) == 1 and (tagged := _TAGGED.get(next(iter(stored)))):
        return tagged[2](next(iter(stored.values())))
    return {key: _anything_from_json(each) for key, each in stored.items()}


def _holds_anything(cls: Any) -> bool:
    return bool(cls == dict[str, Any])


_encoder = msgspec.json.Encoder()
_rows = msgspec.msgpack.Encoder()
_numbers = msgspec.msgpack.Decoder(dict[str, int])
_converter = make_converter()
_converter.register_unstructure_hook(datetime, _instant_to_json)
_converter.register_structure_hook(datetime, _instant_from_json)
_converter.register_unstructure_hook_func(lambda cls: cls == dict[str, Any], _anything_to_json)
_converter.register_structure_hook_func(
    lambda cls: cls == dict[str, Any], lambda stored, _: _anything_from_json(stored)
)
_converter.register_unstructure_hook(tuple, list)
configure_tagged_union(Message, _converter, tag_name="message")
