"""Real pages in a real browser; run by ``make browser``, which has what they need."""

import pytest

pytest.register_assert_rewrite("tests.browser.visitor")
