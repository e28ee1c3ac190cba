from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from msa_ml.source.files import Found
from msa_ml.source.neighbours import dated
from tests.source.mails import day, mail

FILE_TIME = datetime(2025, 5, 5, 5, 5, 5, 999_999, tzinfo=UTC)


def found(position: int, date: int | None, container: str = "a") -> Found:
    raw = mail(position, date=day(date) if date else None)
    return Found(raw, f"{container}/{position}", position, (container,), container, FILE_TIME)


def times(messages: Iterable[Found], **options: int) -> list[tuple[int, int, str]]:
    return sorted(
        (one.found.position, one.event_time.day, one.time_from) for one in dated(messages, **options)
    )


def test_between_the_nearest_dated_ones_of_the_same_folder() -> None:
    messages = [
        found(0, None),
        found(1, 3),
        found(2, None),
        found(3, None),
        found(4, 20, "b"),
        found(5, 7),
        found(6, None),
        found(7, None, "b"),
    ]
    assert times(messages) == [
        (0, 3, "neighbours"),
        (1, 3, "date"),
        (2, 5, "neighbours"),
        (3, 5, "neighbours"),
        (4, 20, "date"),
        (5, 7, "date"),
        (6, 7, "neighbours"),
        (7, 20, "neighbours"),
    ]


def test_a_folder_without_any_date_uses_the_files() -> None:
    (one,) = dated([found(0, None)])
    assert (one.event_time, one.time_from) == (FILE_TIME.replace(microsecond=999_000), "file")


def test_what_waits_is_bounded() -> None:
    messages = [found(0, 1), *(found(n, None) for n in range(1, 50)), found(50, 9)]
    waiting = dated(messages, most_waiting=len(messages[1].raw) * 10)
    early = [next(waiting) for _ in range(12)]
    assert [one.time_from for one in early] == ["date", *["neighbours"] * 11]
    assert early[1].event_time.day == 1  # its next neighbour was too far
    assert len(early) + len(list(waiting)) == 51


@given(
    st.lists(st.tuples(st.none() | st.integers(1, 28), st.sampled_from("ab")), max_size=30),
    st.integers(0, 2_000),
)
def test_every_message_comes_once_with_its_own_date_kept(
    plan: list[tuple[int | None, str]], most: int
) -> None:
    messages = [found(position, date, place) for position, (date, place) in enumerate(plan)]
    result = list(dated(messages, most_waiting=most))
    assert sorted(one.found.position for one in result) == list(range(len(plan)))
    for one in result:
        date = plan[one.found.position][0]
        assert (date is not None) == (one.time_from == "date")
        assert date is None or one.event_time.day == date
        assert one.event_time.microsecond % 1000 == 0
