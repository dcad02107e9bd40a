"""``make browser`` finds a Chromium, or says what to do."""

import pytest

from infra.browser.chromium import NoChromium, find


def having(*names: str) -> dict[str, str]:
    return {name: f"/usr/bin/{name}" for name in names}


def test_the_named_program_comes_before_those_of_the_path() -> None:
    here = {**having("chromium"), "/opt/mine": "/opt/mine"}
    assert find({"CHROMIUM": "/opt/mine"}, here.get) == "/opt/mine"
    assert find({}, here.get) == find({"CHROMIUM": ""}, here.get) == "/usr/bin/chromium"
    assert find({}, having("google-chrome").get) == "/usr/bin/google-chrome"
    assert find({}, having("firefox").get) is None


def test_a_named_program_that_is_not_there_is_not_replaced_by_another() -> None:
    with pytest.raises(NoChromium, match="/opt/mine"):
        find({"CHROMIUM": "/opt/mine"}, having("chromium").get)
