"""Nobody approves hours that they submitted, were the last to change, or worked."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.labour.four_eyes import WATCHED, Hand, changed_fields, changers_after, first_changers, is_own

VALUES = {"hours": Decimal(8), "date": "2026-06-08", "operative": "o1", "quantity": Decimal(2)}
MO, BEA = Hand("mo"), Hand("bea")


def test_whoever_creates_an_entry_is_the_last_to_have_changed_each_field_it_has() -> None:
    assert first_changers(MO, VALUES | {"quantity": None}) == {"hours": MO, "date": MO, "operative": MO}


@pytest.mark.parametrize("field", WATCHED)
def test_each_field_is_counted_for_itself(field: str) -> None:
    """PM changes 8 to 12, another changes the quantity, PM approves: still their own."""
    changers = changers_after(changers_after({}, MO, [field]), BEA, set(WATCHED) - {field})
    assert is_own(MO, (), changers, ())
    assert not is_own(MO, (), changers_after(changers, BEA, [field]), ())


def test_a_value_that_stays_the_same_changes_nothing() -> None:
    again = {"hours": Decimal("8.00"), "quantity": Decimal("2.0000"), "note": None}
    assert changed_fields(VALUES, again) == {}
    assert changed_fields(VALUES, {"hours": Decimal(12)}) == {"hours": (Decimal(8), Decimal(12))}
    assert changers_after({"hours": MO}, BEA, []) == {"hours": MO}


def test_what_the_clock_corrects_is_nobodys() -> None:
    assert changers_after({"hours": MO, "date": BEA}, None, ["hours"]) == {"date": BEA}


def test_whoever_submitted_it_once_is_not_washed_out_by_another_submission() -> None:
    assert is_own(MO, (MO, BEA), {}, ())


def test_whoever_is_or_was_the_operative_does_not_approve_nor_by_a_token_that_they_made() -> None:
    assert is_own(MO, (), {}, ("mo", None)) and is_own(MO, (), {}, (None, "mo"))
    assert is_own(Hand("bea", ("mo",)), (), {}, ("mo",))
    assert not is_own(BEA, (), {}, ("mo", None))


hands = st.builds(Hand, st.sampled_from("abc"), st.sets(st.sampled_from("abc")).map(lambda few: tuple(sorted(few))))


@given(hands, hands)
def test_the_maker_of_a_token_counts_as_its_user_on_either_side(acting: Hand, before: Hand) -> None:
    """Hours submitted or changed by whoever made the token in use count as own, and the other way round."""
    own = acting.user in {before.user, *before.makers} or before.user in acting.makers
    assert is_own(acting, (before,), {}, ()) == own == is_own(before, (acting,), {}, ())
    assert is_own(acting, (), first_changers(before, {"hours": Decimal(1)}), ()) == own


def test_two_users_whose_tokens_one_admin_has_made_are_two_people() -> None:
    assert not is_own(Hand("mo", ("admin",)), (Hand("bea", ("admin",)),), {}, ())
    assert is_own(Hand("admin"), (Hand("bea", ("admin",)),), {}, ())
