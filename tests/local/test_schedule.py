"""The schedule of this machine calls what a deployed one calls."""

import threading
from typing import Any

from infra.local.schedule import Schedule


def test_a_function_is_called_again_and_again_also_after_it_failed() -> None:
    """The event and the context are Lambda's."""
    called, enough = list[tuple[dict[str, Any], Any]](), threading.Event()

    def repair(event: dict[str, Any], context: Any) -> None:
        called.append((event, context))
        if len(called) == 3:
            enough.set()
        if len(called) == 1:
            raise ValueError

    with Schedule(repair, 0.01, 120):
        assert enough.wait(30)
    count = len(called)
    assert not threading.Event().wait(0.05) and len(called) == count, "it ends with the block"
    event, context = called[1]
    assert event["source"] == "aws.events" and event["resources"][0].endswith("rule/repair")
    assert context.get_remaining_time_in_millis() > 0
