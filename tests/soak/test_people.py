"""People work until the time is over; what breaks ends the soak at once."""

import random

import pytest

from infra.demo import Client
from infra.soak import people
from infra.soak.mirror import Mirror
from infra.soak.site import BROKEN, Site


class Broken(Client):
    """A service whose connections break."""

    def __init__(self) -> None:
        super().__init__("http://nowhere.example", "")

    def call(self, *_: object) -> object:
        raise ConnectionResetError


def site() -> Site:
    client = Broken()
    mirrors = {name: Mirror(f"/{name}/") for name in ("labour", "users")}
    return Site(client, client, "company", "project", "node", "secret", 3, mirrors)


@pytest.mark.parametrize("work", [people.approve, people.correct, people.log_hours, people.plan, people.read])
def test_a_connection_that_breaks_is_counted_and_the_work_goes_on(work: people.Work) -> None:
    here = site()
    assert work(here, random.Random(1)) > 0
    [(_, status)] = here.told
    assert status == BROKEN and here.told.failures


def test_a_mirror_that_cannot_look_tries_the_next_list() -> None:
    here = site()
    people.mirror(here, random.Random(1))
    assert here.told == {("mirror", BROKEN): 2}


def test_work_that_breaks_ends_everything() -> None:
    here = site()

    def breaks(site: Site, luck: random.Random) -> float:
        raise KeyError("a field that is not there")

    with pytest.raises(KeyError):
        people._again(here, breaks, 1)
    assert here.over.is_set()


def test_work_is_done_again_until_the_time_is_over() -> None:
    here, times = site(), list[float]()

    def works(site: Site, luck: random.Random) -> float:
        times.append(luck.random())
        if len(times) == 3:
            site.over.set()
        return 0

    people._again(here, works, 1)
    assert len(set(times)) == 3
