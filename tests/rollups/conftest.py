"""One stage for the tests of a module."""

from tests.promises.conftest import stage

__all__ = ["stage"]
