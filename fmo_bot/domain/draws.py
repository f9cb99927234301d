"""Chance in figures: a seed that either side can work out again, and whose generator draws (definition 14)."""

from datetime import date
from hashlib import sha256

import numpy

GENERATOR = f"numpy {numpy.__version__} default_rng"  # printed: another version may draw otherwise from the same seed


def seed_of(board: str, day: date) -> int:
    """The first 8 bytes, big-endian, of SHA-256 of "board id|as_of date" (as 2026-11-24)."""
    return int.from_bytes(sha256(f"{board}|{day.isoformat()}".encode()).digest()[:8], "big")


def generator(seed: int) -> numpy.random.Generator:
    """What draws from a seed: the same numbers on every machine with this version of numpy."""
    return numpy.random.default_rng(seed)
