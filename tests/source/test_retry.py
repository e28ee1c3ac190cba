"""When another try begins."""

import random

import pytest

from msa_ml.source.retry import Retry


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waits.append(seconds)


def run(retry: Retry, failures: int, *, transient: bool = True) -> str:
    left = [failures]

    def work() -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise ConnectionResetError
        return "done"

    return retry.run(work, lambda error: transient)


def test_waits_double_up_to_the_cap_and_are_seeded() -> None:
    clock = Clock()
    chance = random.Random(7).random
    retry = Retry(
        attempts=8, base=1, cap=8, patience=1e9, random=chance, sleep=clock.sleep, clock=lambda: clock.now
    )
    assert run(retry, 7) == "done"
    for wait, most in zip(clock.waits, [1, 2, 4, 8, 8, 8, 8], strict=True):
        assert most / 2 <= wait <= most
    assert len(set(clock.waits)) == 7
    again = random.Random(7).random
    assert clock.waits[0] == 1 * (0.5 + 0.5 * again())


def test_the_last_error_comes_out() -> None:
    clock = Clock()
    with pytest.raises(ConnectionResetError):
        run(Retry(attempts=3, sleep=clock.sleep), 3)
    assert len(clock.waits) == 2


def test_what_is_not_transient_is_not_tried_again() -> None:
    clock = Clock()
    with pytest.raises(ConnectionResetError):
        run(Retry(sleep=clock.sleep), 1, transient=False)
    assert clock.waits == []


def test_patience_ends() -> None:
    clock = Clock()
    retry = Retry(attempts=100, patience=10, random=lambda: 1.0, sleep=clock.sleep, clock=lambda: clock.now)
    with pytest.raises(ConnectionResetError):
        run(retry, 100)
    assert sum(clock.waits) <= 10 < sum(clock.waits) + 5
