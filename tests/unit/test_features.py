"""The features at the door."""

from importlib import import_module
from pkgutil import iter_modules

import handlers
from handlers.bolt import FEATURES


def test_every_handler_that_listens_is_registered_once() -> None:
    every = [import_module(f"handlers.{found.name}") for found in iter_modules(handlers.__path__)]
    listening = {each.__name__ for each in every if hasattr(each, "register")}
    assert sorted(listening) == sorted(feature.__name__ for feature in FEATURES)
