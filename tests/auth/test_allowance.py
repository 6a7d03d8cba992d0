"""What a viewer may ask for in a while: counted by cost, grown evenly, and not taken from anybody else."""

import pytest

from gateway.auth.allowance import Allowance
from gateway.auth.viewer import Viewer
from gateway.errors import TooManyError

ONE, OTHER = Viewer("one", subject="1"), Viewer("other", subject="2")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def allowance(clock: Clock) -> Allowance:
    return Allowance(600, fill_s=60, clock=clock)


def test_dear_queries_use_it_up_sooner_than_cheap_ones(allowance: Allowance) -> None:
    for _ in range(2):
        allowance.spend(ONE, 300)

    with pytest.raises(TooManyError) as refused:
        allowance.spend(ONE, 300)

    assert refused.value.retry_after_s == 30
    assert refused.value.message == (
        "you have asked for much in a short time; ask again in 30 s, or for less at once"
    )


def test_what_another_viewer_may_ask_for_is_their_own(allowance: Allowance) -> None:
    allowance.spend(ONE, 600)

    allowance.spend(OTHER, 600)


def test_it_grows_evenly_and_not_beyond_the_whole(allowance: Allowance, clock: Clock) -> None:
    allowance.spend(ONE, 600)
    clock.now += 30
    allowance.spend(ONE, 300)
    clock.now += 3600
    allowance.spend(ONE, 600)

    with pytest.raises(TooManyError):
        allowance.spend(ONE, 1)


def test_a_refusal_takes_nothing(allowance: Allowance, clock: Clock) -> None:
    allowance.spend(ONE, 500)
    for _ in range(50):
        with pytest.raises(TooManyError):
            allowance.spend(ONE, 200)
    clock.now += 10

    allowance.spend(ONE, 200)


def test_what_costs_more_than_all_is_given_to_whoever_has_all(allowance: Allowance) -> None:
    allowance.spend(ONE, 5000)

    with pytest.raises(TooManyError):
        allowance.spend(ONE, 1)


def test_a_thousand_small_ones_are_too_many_as_well(allowance: Allowance) -> None:
    for _ in range(60):
        allowance.spend(ONE, 0)

    with pytest.raises(TooManyError):
        allowance.spend(ONE, 0)


def test_those_without_a_login_share_one(allowance: Allowance) -> None:
    allowance.spend(Viewer("anonymous"), 600)

    with pytest.raises(TooManyError):
        allowance.spend(Viewer("anonymous"), 600)


def test_what_is_left_can_be_asked_and_takes_nothing(allowance: Allowance, clock: Clock) -> None:
    untouched = allowance.left(ONE)
    allowance.spend(ONE, 300)
    spent = [allowance.left(ONE), allowance.left(ONE)]
    clock.now += 10
    later = allowance.left(ONE)

    assert (untouched.limit, untouched.remaining, untouched.full_in_s) == (600, 600, 0)
    assert [(left.remaining, left.full_in_s) for left in spent] == [(300, 30), (300, 30)]
    assert (later.remaining, later.full_in_s) == (400, 20)
    assert allowance.left(OTHER).remaining == 600
