"""Size and time of one mail: within them nothing changes, beyond them the score says so; threads and tasks agree."""

import asyncio
import json
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from msa_ml.bundle import Limits, load
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.limits import LARGEST_MAIL
from msa_ml.bundle.read import ASYNC_THREADS, Bundle
from msa_ml.cli import main
from msa_ml.errors import InputError
from msa_ml.features.mail.message import Message
from msa_ml.records import Mail
from tests.small_bundle import invented


def ticking(step: float = 1.0) -> Callable[[], float]:
    """A clock that goes on by one step each time it is looked at."""
    now = [0.0]

    def look() -> float:
        now[0] += step
        return now[0]

    return look


def test_within_the_limits_a_score_is_the_same(bundle: Bundle) -> None:
    for raw in golden_mail().values():
        free = bundle.score(raw, reasons=2)
        assert free.complete
        assert bundle.score(raw, reasons=2, limits=Limits(bytes=len(raw) or 1, seconds=60)) == free
        assert list(bundle.score_many([raw], reasons=2, limits=Limits(seconds=60))) == [free]


def test_a_longer_mail_is_scored_on_its_beginning_and_says_so(bundle: Bundle) -> None:
    raw = golden_mail()["pills"]
    longer = raw + b"and more\r\n" * 1000
    limits = Limits(bytes=len(raw))
    for mail in (longer, Mail(longer), Message(longer), bytearray(longer), memoryview(longer)):
        found = bundle.score(mail, limits=limits)  # type: ignore[arg-type]  # what a socket hands over
        assert (found.truncated, found.complete) == (True, False)
        assert found.logit == bundle.score(raw).logit
    assert [score.truncated for score in bundle.score_many([longer, raw], limits=limits)] == [True, False]
    # The line that a mailbox puts before a mail is not of the mail.
    assert not bundle.score(b"From ann Tue Mar 10 09:15:02 2026\n" + raw, limits=limits).truncated


def test_extractors_that_would_start_late_are_named_and_unknown(bundle: Bundle) -> None:
    raw = golden_mail()["pills"]
    names = tuple(extractor.name for extractor in bundle.features.extractors)
    for most in (1, 5, len(names)):
        # The clock is looked at once at the start and once before each extractor.
        limits = Limits(seconds=most + 0.5, clock=ticking())
        found = bundle.score(raw, limits=limits)
        assert found.degraded == names[most:]
        assert found.complete == (most == len(names))
    vectors, [(_, degraded)] = bundle._extracted([raw], Limits(seconds=5.5, clock=ticking()))
    whole = bundle.vectors([raw])
    assert vectors.content == whole.content, "content views are always computed"
    for place, column in enumerate(bundle.features.columns):
        late = column.rpartition(".")[0] in degraded
        wanted = math.nan if late else whole.dense[0, place]
        assert vectors.dense[0, place] == wanted or (
            math.isnan(vectors.dense[0, place]) and math.isnan(wanted)
        )


def test_each_mail_of_a_batch_has_its_own_time(bundle: Bundle) -> None:
    mails = list(golden_mail().values())[:6]
    alone = [bundle.score(raw, limits=Limits(seconds=4.5, clock=ticking())) for raw in mails]
    together = list(bundle.score_many(mails, limits=Limits(seconds=4.5, clock=ticking())))
    assert together == alone
    assert all(score.degraded for score in together)


def test_the_clock_is_the_time_of_the_thread_that_scores(bundle: Bundle) -> None:
    """Other threads that are busy meanwhile take nothing from the time of a mail."""
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            sum(range(10_000))

    others = [threading.Thread(target=busy) for _ in range(4)]
    for other in others:
        other.start()
    try:
        limits = Limits(seconds=0.2)
        scores = [bundle.score(raw, limits=limits) for raw in list(golden_mail().values())[:10]]
    finally:
        stop.set()
        for other in others:
            other.join()
    assert all(score.complete for score in scores)


def test_limits_of_loading_are_those_of_every_score(bundle: Bundle) -> None:
    raw = golden_mail()["pills"]
    strict = load(bundle.path, limits=Limits(bytes=100))
    assert strict.score(raw).truncated
    assert not strict.score(raw, limits=Limits()).truncated
    assert strict.verify() == len(golden_mail()), "the replay knows no limits"


@pytest.mark.parametrize(
    "wrong", [{"bytes": 0}, {"bytes": -1}, {"seconds": 0.0}, {"seconds": -1.0}, {"seconds": math.nan}]
)
def test_limits_that_let_nothing_through_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="limit is a number"):
        Limits(**wrong)  # type: ignore[arg-type]


def test_eight_threads_and_one_say_the_same(bundle: Bundle) -> None:
    mails = [*invented(60, seed=9)[0], *golden_mail().values()]
    one = [bundle.score(mail, reasons=3, limits=Limits(seconds=60)) for mail in mails]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert list(pool.map(lambda mail: bundle.score(mail, reasons=3), mails)) == one


def test_tasks_share_few_threads_and_say_the_same(bundle: Bundle) -> None:
    mails = list(golden_mail().values())

    async def scores() -> list[float]:
        found = await asyncio.gather(*(bundle.score_async(raw, reasons=2) for raw in mails * 5))
        return [score.logit for score in found]

    assert asyncio.run(scores()) == [bundle.score(raw).logit for raw in mails] * 5
    threads = {thread.name for thread in threading.enumerate() if thread.name.startswith("msa-ml-score")}
    assert 1 <= len(threads) <= ASYNC_THREADS
    with pytest.raises(InputError):
        asyncio.run(bundle.score_async(mails[0], policy="harsh"))


def test_warming_up_scores_the_golden_mail(bundle: Bundle) -> None:
    assert load(bundle.path, replay=False).warm_up() == len(golden_mail())


def test_the_command_says_when_a_mail_is_longer_than_what_is_looked_at(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long, short = tmp_path / "long.eml", tmp_path / "short.eml"
    long.write_bytes(golden_mail()["pills"] + b"x" * LARGEST_MAIL)
    short.write_bytes(golden_mail()["pills"])
    assert main(["score", str(bundle.path), str(long), str(short)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("longer than what is looked at)")
    assert second.endswith("short.eml")
    assert main(["score", str(bundle.path), str(long), "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)["scores"]
    assert (row["truncated"], row["degraded"]) == (True, [])
