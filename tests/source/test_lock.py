"""One embedded store, several processes: fair turns, a named holder, and no lock that outlives its process."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from msa_ml.errors import InputError, StoreBusy
from msa_ml.source import lock as locks
from msa_ml.source.clickhouse import connect
from msa_ml.source.lock import StoreLock
from tests.source.conftest import plain_settings

_HEAD = """
import sys, time
from pathlib import Path
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.lock import StoreLock
store = Path(sys.argv[-1])
settings = Settings(home=store.parent, clickhouse_url=f"chdb://{store}", results_url="", tracking_uri="", lock_wait=30)
"""
_HOLD = _HEAD + "lock = StoreLock(store); lock.acquire(30); print('held', flush=True); time.sleep(600)"
_SESSION = (
    _HEAD + "with connect(settings=settings) as s: print(s.value('SELECT 1'), flush=True); time.sleep(600)"
)
_FOREIGN = (
    "import sys, time, chdb; c = chdb.connect(sys.argv[-1]); print('held', flush=True); time.sleep(600)"
)


@contextmanager
def process(code: str, store: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", code, *words, str(store)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() != ""
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_a_second_process_waits_and_then_names_the_holder(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with process(_SESSION, store, "import", "mail") as holder:
        ours = connect(f"chdb://{store}", settings=plain_settings(tmp_path), lock_wait=0.3)
        begin = time.monotonic()
        with pytest.raises(
            StoreBusy, match=rf"held by process {holder.pid} \(.*import mail\) for \d+ s; waited 0.3 s"
        ) as caught:
            ours.value("SELECT 1")
        assert 0.3 <= time.monotonic() - begin < 2
        assert caught.value.exit_code == 3
        at_once = connect(f"chdb://{store}", settings=plain_settings(tmp_path), lock_wait=0)
        begin = time.monotonic()
        with pytest.raises(StoreBusy, match="did not wait"):
            at_once.value("SELECT 1")
        assert time.monotonic() - begin < 0.25


def test_kill_9_releases(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with process(_SESSION, store) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert (
            connect(f"chdb://{store}", settings=plain_settings(tmp_path), lock_wait=5).value("SELECT 1") == 1
        )


def test_the_store_is_free_between_calls(tmp_path: Path) -> None:
    store = tmp_path / "store"
    ours = connect(f"chdb://{store}", settings=plain_settings(tmp_path))
    assert ours.value("SELECT 1") == 1
    other = StoreLock(store)
    other.acquire(0)  # a lock of its own, as another process has it
    other.release()
    with ours.session(), ours.session(), pytest.raises(StoreBusy):
        other.acquire(0)
    other.acquire(0)
    other.release()


_TURNS = (
    _HEAD
    + """
rounds = int(sys.argv[1])
with open(sys.argv[2], "a") as log:
    Path(sys.argv[3] + sys.argv[4]).touch()
    while not Path(sys.argv[3]).exists():
        time.sleep(0.001)
    for _ in range(rounds):
        lock = StoreLock(store)
        lock.acquire(60)
        log.write(sys.argv[4]); log.flush()
        time.sleep(0.02)
        lock.release()  # and wants it again at once
"""
)


def test_three_processes_take_turns(tmp_path: Path) -> None:
    log, start, rounds = tmp_path / "log", tmp_path / "start", 25
    command = [sys.executable, "-c", _TURNS, str(rounds), str(log), str(start)]
    children = [subprocess.Popen([*command, name, str(tmp_path / "store")]) for name in "abc"]
    while len(list(tmp_path.glob("start*"))) < 3:
        time.sleep(0.01)
    start.touch()
    assert [child.wait(60) for child in children] == [0, 0, 0]
    turns = log.read_text()
    assert sorted(turns) == sorted("abc" * rounds)
    # While all three want it, nobody runs ahead: without the turnstile one of them takes its 25 turns in one go.
    contested = turns[: 2 * rounds]
    assert max(len(run) for run in _runs(contested)) <= 3
    assert min(contested.count(name) for name in "abc") >= rounds // 3


def _runs(text: str) -> list[str]:
    runs: list[str] = []
    for letter in text:
        if runs and runs[-1][0] == letter:
            runs[-1] += letter
        else:
            runs.append(letter)
    return runs


def test_a_chdb_that_is_not_ours_is_named_too(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with process(_FOREIGN, store) as holder:
        ours = connect(f"chdb://{store}", settings=plain_settings(tmp_path), lock_wait=0)
        with pytest.raises(StoreBusy, match=rf"held by process {holder.pid}, which opened it without msa_ml"):
            ours.value("SELECT 1")
    assert ours.value("SELECT 1") == 1


def test_a_folder_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="cannot be made"):
        connect(f"chdb://{tmp_path / 'file' / 'deep' / 'store'}", settings=plain_settings(tmp_path)).value(
            "SELECT 1"
        )


def _query_in_child(url: str, home: Path, answer: "multiprocessing.Queue[str]") -> None:
    try:
        connect(url, settings=plain_settings(home), lock_wait=0).value("SELECT 1")
    except Exception as error:  # noqa: BLE001 - the parent looks at it
        answer.put(f"{type(error).__name__}: {error}")
    else:
        answer.put("no error")


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")  # which is what is tested
def test_a_forked_child_gets_an_error_and_does_not_hang(tmp_path: Path) -> None:
    url = f"chdb://{tmp_path / 'store'}"
    store = connect(url, settings=plain_settings(tmp_path))
    with store:
        assert store.value("SELECT 1") == 1
        context = multiprocessing.get_context("fork")
        answer: multiprocessing.Queue[str] = context.Queue()
        child = context.Process(target=_query_in_child, args=(url, tmp_path, answer))
        child.start()
        said = answer.get(timeout=20)
        child.join(20)
        assert said.startswith("InputError: the embedded ClickHouse cannot be used in a forked process")
        assert store.value("SELECT 2") == 2  # and the parent goes on, its lock untouched
        with pytest.raises(StoreBusy):
            StoreLock(tmp_path / "store").acquire(0)


def test_a_spawned_child_can_use_the_store_that_it_was_sent(tmp_path: Path) -> None:
    store = connect(f"chdb://{tmp_path / 'store'}", settings=plain_settings(tmp_path))
    assert store.value("SELECT 1") == 1
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(store.value, ("SELECT 3",)) == 3


def test_two_embedded_stores_one_after_the_other_but_not_at_once(tmp_path: Path) -> None:
    one = connect(f"chdb://{tmp_path / 'one'}", settings=plain_settings(tmp_path))
    two = connect(f"chdb://{tmp_path / 'two'}", settings=plain_settings(tmp_path))
    assert (one.value("SELECT 1"), two.value("SELECT 2")) == (1, 2)
    with (
        one,
        pytest.raises(InputError, match="one embedded store at a time"),
    ):
        two.value("SELECT 2")
    assert two.value("SELECT 2") == 2


def test_the_command_holds_no_value_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/msa-ml", "import", "/home/ana/Mail/private", "mail"])
    assert locks.command_name() == "msa-ml import"


def test_the_store_is_for_its_owner_only(tmp_path: Path) -> None:
    store = tmp_path / "store"
    connect(f"chdb://{store}", settings=plain_settings(tmp_path)).value("SELECT 1")
    assert os.stat(store).st_mode & 0o077 == 0  # noqa: PTH116
