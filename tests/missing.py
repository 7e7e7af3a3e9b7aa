"""What a test needs and this machine has not."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test by the name of what is missing; where CI is set nothing may be, and it fails."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
