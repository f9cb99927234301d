"""How much a property test tries: HYPOTHESIS_PROFILE=short (the default) or long; see tests.conftest."""

import os

from hypothesis import settings

NAME = os.environ.get("HYPOTHESIS_PROFILE", "short")


def fewer(by: int) -> settings:
    """The profile's number of examples divided by `by`: for a test of which each example takes long."""
    profile = settings.get_profile(NAME)
    return settings(profile, max_examples=max(5, profile.max_examples // by))


def more(by: int) -> settings:
    """The profile's number of examples times `by`: for a test of which each example is quick."""
    profile = settings.get_profile(NAME)
    return settings(profile, max_examples=profile.max_examples * by)
