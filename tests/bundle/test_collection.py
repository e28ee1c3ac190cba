"""The search for cycles is off while a batch is scored, and as it was afterwards."""

import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from msa_ml.bundle.collection import uncollected


def test_it_is_on_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), uncollected():
        1 / gc.isenabled()
    assert gc.isenabled()


def test_what_was_off_stays_off() -> None:
    gc.disable()
    try:
        with uncollected(), uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_threads_that_overlap_leave_it_on_in_the_end() -> None:
    together = Barrier(8)

    def batch() -> None:
        together.wait()
        for _ in range(200):
            with uncollected():
                assert not gc.isenabled()

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(batch) for _ in range(8)]:
            done.result()
    assert gc.isenabled()
