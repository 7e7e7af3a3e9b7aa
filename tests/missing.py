"""Skipping of tests whose requirements this machine lacks."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test, or fail it if CI is set, with the name of what is missing."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
