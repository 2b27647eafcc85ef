"""The small clinic and the procedure that the tests of what patients read start from."""

import pytest

from tests.procedures.published import make_clinic, make_procedure


@pytest.fixture
def clinic(db):
    """The profile of a small clinic."""
    return make_clinic()


@pytest.fixture
def kyphoplasty(db):
    """A procedure without a page."""
    return make_procedure()
