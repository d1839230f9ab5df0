import pytest

from tests.helpers.dancers import beats_of


@pytest.fixture(scope="session")
def beats():
    """Twenty-four seconds at 110 BPM."""
    return beats_of(110, 24.0)
