"""Nobody approves hours that they submitted, were the last to change, or worked."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.labour.four_eyes import WATCHED, changed_fields, changers_after, first_changers, is_own

VALUES = {"hours": Decimal(8), "date": "2026-06-08", "operative": "o1", "quantity": Decimal(2)}


def test_whoever_creates_an_entry_is_the_last_to_have_changed_each_field_it_has() -> None:
    assert first_changers({"ann"}, VALUES | {"quantity": None}) == {
        "hours": ("ann",),
        "date": ("ann",),
        "operative": ("ann",),
    }
    assert first_changers((), VALUES) == {}  # the clock is nobody


@pytest.mark.parametrize("field", WATCHED)
def test_each_field_is_counted_for_itself(field: str) -> None:
    """PM changes 8 to 12, another changes the quantity, PM approves: still their own."""
    changers = changers_after(changers_after({}, {"mo"}, [field]), {"bea"}, set(WATCHED) - {field})
    assert is_own({"mo"}, (), changers, ())
    assert not is_own({"mo"}, (), changers_after(changers, {"bea"}, [field]), ())


def test_a_value_that_stays_the_same_changes_nothing() -> None:
    again = {"hours": Decimal("8.00"), "quantity": Decimal("2.0000"), "note": None}
    assert changed_fields(VALUES, again) == {}
    assert changed_fields(VALUES, {"hours": Decimal(12)}) == {"hours": (Decimal(8), Decimal(12))}
    assert changers_after({"hours": ("mo",)}, {"bea"}, []) == {"hours": ("mo",)}


def test_what_the_clock_corrects_is_nobodys() -> None:
    assert changers_after({"hours": ("mo",), "date": ("bea",)}, (), ["hours"]) == {"date": ("bea",)}


def test_whoever_submitted_it_once_is_not_washed_out_by_another_submission() -> None:
    assert is_own({"mo"}, ("mo", "bea"), {}, ())


def test_whoever_is_or_was_the_operative_does_not_approve() -> None:
    assert is_own({"ola"}, (), {}, ("ola", None)) and is_own({"ola"}, (), {}, (None, "ola"))
    assert not is_own({"mo"}, (), {}, ("ola", None))


@given(st.sets(st.sampled_from("abcde"), min_size=1), st.sets(st.sampled_from("abcde")))
def test_the_maker_of_a_token_counts_as_its_user_on_either_side(acting: set[str], before: set[str]) -> None:
    """Hours submitted or changed by whoever made the token in use count as own, and the other way round."""
    own = bool(acting & before)
    assert is_own(acting, before, {}, ()) == own
    assert is_own(acting, (), first_changers(before, {"hours": Decimal(1)}), ()) == own
