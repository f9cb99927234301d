"""What every test of this folder may ask for."""

import pytest

from tests.oracle.door import Desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One folder for the files of a whole module: each test writes its own over those of the one before."""
    return Desk(tmp_path_factory.mktemp("desk"))
