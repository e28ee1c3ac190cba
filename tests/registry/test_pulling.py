"""Pulls: whole or not at all, alone, quick when nothing changed, and after a kill as if nothing had been."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from msa_ml.bundle import load
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.signing import new_key, sign
from msa_ml.bundle.write import write
from msa_ml.errors import BundleRefused, InputError, Refused
from msa_ml.registry.pulling import pull
from tests.bundle.tiny import tiny
from tests.main_job import environment


class Shelf:
    """A registry on a shelf: version n of the one model is the folder n."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.champion = "1"
        self.downloads = 0

    def resolve(self, name: str) -> tuple[str, str]:
        return "spam", name.partition("/")[2] or self.champion

    def tags(self, task: str, version: str) -> Mapping[str, str]:
        found = self.place / f"{version}.id"
        return {"bundle_id": found.read_text()} if found.is_file() else {}

    def download(
        self, task: str, version: str, folder: Path, *, check: Callable[[Path], object] | None = None
    ) -> Path:
        self.downloads += 1
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = folder.parent / "downloading"
        for path in sorted(path for path in (self.place / version).rglob("*") if path.is_file()):
            into = made / path.relative_to(self.place / version)
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, into)
            time.sleep(float(os.environ.get("SLOWLY", "0")))
        if check is not None:
            check(made)
        made.rename(folder)
        return folder


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Bundle]:
    place = tmp_path_factory.mktemp("bundles")
    made = []
    for version in range(1, 6):
        contents = tiny()
        contents.typical_ham[:] = np.float32(version)
        made.append(write(place / str(version), contents, golden_mail()))
    return made


@pytest.fixture
def shelf(bundles: list[Bundle], tmp_path: Path) -> Shelf:
    place = shutil.copytree(bundles[0].path.parent, tmp_path / "shelf")
    for version, bundle in enumerate(bundles, start=1):
        (place / f"{version}.id").write_text(bundle.id)
    return Shelf(place)


def versions(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()} - {".lock", "current"}


def test_the_first_pull_the_second_and_a_new_champion(
    shelf: Shelf, bundles: list[Bundle], tmp_path: Path
) -> None:
    place = tmp_path / "serving" / "spam"
    first = pull(shelf, "spam@champion", place, if_changed=True)
    assert (first.version, first.changed, first.was) == ("1", True, "")
    assert load(place / "current").id == bundles[0].id == first.bundle_id
    assert (place / "current").readlink() == Path("1")

    again = pull(shelf, "spam@champion", place, if_changed=True)
    assert (again.changed, again.bundle_id, shelf.downloads) == (False, bundles[0].id, 1)

    shelf.champion = "2"
    held = load(place / "current")
    second = pull(shelf, "spam@champion", place, if_changed=True)
    assert (second.version, second.was, second.changed) == ("2", "1", True)
    assert load(place / "current").id == bundles[1].id
    # Whoever loaded the old one goes on with it.
    assert held.score(b"Subject: hello\r\n\r\nlunch\r\n").bundle_id == bundles[0].id

    # The way back needs no download.
    shelf.champion = "1"
    assert (pull(shelf, "spam", place, if_changed=True).changed, shelf.downloads) == (True, 2)
    assert load(place / "current").id == bundles[0].id


def test_without_if_changed_it_is_fetched_again(shelf: Shelf, tmp_path: Path) -> None:
    pull(shelf, "spam", tmp_path / "to")
    assert pull(shelf, "spam", tmp_path / "to").changed
    assert shelf.downloads == 2
    assert versions(tmp_path / "to") == {"1"}


def test_the_newest_and_the_current_one_are_kept(shelf: Shelf, tmp_path: Path) -> None:
    place = tmp_path / "to"
    (place / "notes").mkdir(parents=True)
    for version in "12345":
        shelf.champion = version
        done = pull(shelf, "spam", place, keep=3)
    assert done.removed == ("2",)
    assert versions(place) == {"3", "4", "5", "notes"}
    shelf.champion = "1"
    assert pull(shelf, "spam", place, keep=2).removed == ("4", "3")
    assert versions(place) == {"1", "5", "notes"}
    with pytest.raises(InputError, match="at least one"):
        pull(shelf, "spam", place, keep=0)


@pytest.mark.parametrize("harm", ["truncated", "removed", "added"])
def test_a_damaged_copy_is_fetched_again(shelf: Shelf, tmp_path: Path, harm: str) -> None:
    place = tmp_path / "to"
    pull(shelf, "spam", place)
    if harm == "truncated":
        (place / "1" / "model.onnx").write_bytes(b"")
    elif harm == "removed":
        (place / "1" / "manifest.json").unlink()
    else:
        (place / "1" / "more").touch()
    assert pull(shelf, "spam", place, if_changed=True).changed
    load(place / "current")
    assert versions(place) == {"1"}


class Killed(BaseException):
    """What a signal would do, at a chosen step."""


def killed_at(step: int, shelf: Shelf, place: Path, checked: Callable[[], None]) -> bool:
    """Pull again, and end before the given change of a folder; say whether the pull came to its end first."""
    steps = iter(range(1000))
    with pytest.MonkeyPatch.context() as patch:

        def counted(owner: Any, name: str) -> None:
            real = getattr(owner, name)

            def counting(*words: Any, **options: Any) -> Any:
                checked()
                if next(steps) == step:
                    raise Killed
                return real(*words, **options)

            patch.setattr(owner, name, counting)

        for name in ("rename", "replace", "symlink_to", "unlink"):
            counted(Path, name)
        for name in ("rmtree", "copytree"):
            counted(shutil, name)
        try:
            pull(shelf, "spam", place)
        except Killed:
            return False
    return True


@pytest.mark.parametrize("damaged", [False, True])
def test_current_names_a_bundle_at_every_step_of_fetching_again(
    shelf: Shelf, bundles: list[Bundle], tmp_path: Path, *, damaged: bool
) -> None:
    place = tmp_path / "to"
    pull(shelf, "spam", place)
    whole = tmp_path / "whole"
    shutil.copytree(place, whole, symlinks=True)

    def there() -> None:
        assert (place / "current" / "manifest.json").is_file()
        if not damaged:
            assert load(place / "current", replay=False).id == bundles[0].id

    for step in range(100):
        shutil.rmtree(place)
        shutil.copytree(whole, place, symlinks=True)
        if damaged:
            (place / "1" / "model.onnx").write_bytes(b"")
        ended = killed_at(step, shelf, place, there)
        there()
        if step % 2:  # twice, so that it meets what a killed one left
            killed_at(step + 1, shelf, place, there)
            there()
        assert pull(shelf, "spam", place).was == "1"
        assert load(place / "current", replay=False).id == bundles[0].id
        assert (versions(place), (place / "current").readlink()) == ({"1"}, Path("1"))
        if ended:
            break
    assert ended
    assert step >= (8 if damaged else 2)


def test_the_same_bundle_stays_where_it_is_and_a_new_signature_comes(shelf: Shelf, tmp_path: Path) -> None:
    place = tmp_path / "to"
    pull(shelf, "spam", place)
    before = (place / "1").stat().st_ino
    assert pull(shelf, "spam", place).changed
    assert (place / "1").stat().st_ino == before
    new_key(tmp_path / "key")
    sign(shelf.place / "1", tmp_path / "key")
    pull(shelf, "spam", place)
    load(place / "current", replay=False, trusted_key=tmp_path / "key.pub")
    assert versions(place) == {"1"}


def test_what_is_refused_leaves_everything_as_it_was(
    shelf: Shelf, bundles: list[Bundle], tmp_path: Path
) -> None:
    place = tmp_path / "to"
    pull(shelf, "spam", place)
    shelf.champion = "2"
    (shelf.place / "2" / "MODEL_CARD.md").write_text("changed")
    with pytest.raises(BundleRefused, match=r"MODEL_CARD\.md was changed"):
        pull(shelf, "spam", place, if_changed=True)
    # Whole, but another one than was registered.
    shutil.rmtree(shelf.place / "2")
    shutil.copytree(shelf.place / "3", shelf.place / "2")
    with pytest.raises(Refused, match="was registered as bundle"):
        pull(shelf, "spam", place, if_changed=True)
    new_key(tmp_path / "key")
    with pytest.raises(BundleRefused, match="not signed"):
        pull(shelf, "spam/4", place, if_changed=True, trusted_key=tmp_path / "key.pub")
    assert load(place / "current").id == bundles[0].id
    shelf.champion = "4"
    sign(shelf.place / "4", tmp_path / "key")
    assert pull(shelf, "spam", place, trusted_key=tmp_path / "key.pub").changed
    load(place / "current", trusted_key=tmp_path / "key.pub")
    assert versions(place) == {"1", "4"}


def test_a_folder_named_current_is_left_alone(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "to" / "current").mkdir(parents=True)
    with pytest.raises(InputError, match="is no link"):
        pull(shelf, "spam", tmp_path / "to")


def started(shelf: Shelf, version: str, place: Path, slowly: float) -> subprocess.Popen[bytes]:
    """Pull in another process; it says when it begins."""
    code = (
        "import sys; from pathlib import Path; from tests.registry.test_pulling import Shelf; "
        "from msa_ml.registry.pulling import pull; print('begins', flush=True); "
        f"pull(Shelf(Path({str(shelf.place)!r})), 'spam/{version}', Path({str(place)!r}), if_changed=True)"
    )
    environ = {**environment(), "SLOWLY": str(slowly)}
    top = Path(__file__).parent.parent.parent
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=environ, cwd=top, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begins\n"
    return process


@pytest.mark.slow
def test_a_killed_pull_is_as_if_it_had_not_been(shelf: Shelf, bundles: list[Bundle], tmp_path: Path) -> None:
    place = tmp_path / "to"
    pull(shelf, "spam/1", place)
    unfinished = 0
    for pause in (0.05, 0.3, 0.6):
        process = started(shelf, "2", place, slowly=0.1)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert load(place / "current").id in (bundles[0].id, bundles[1].id)
        unfinished += any(name.startswith(".pull-") for name in versions(place))
    assert unfinished, "no kill fell into the download"
    assert pull(shelf, "spam/2", place, if_changed=True).version == "2"
    assert load(place / "current").id == bundles[1].id
    assert versions(place) == {"1", "2"}


@pytest.mark.slow
def test_two_processes_take_turns(shelf: Shelf, bundles: list[Bundle], tmp_path: Path) -> None:
    place = tmp_path / "to"
    both = [started(shelf, version, place, slowly=0.05) for version in "12"]
    for process in both:
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (0, b"")
    assert versions(place) == {"1", "2"}
    for version, bundle in zip("12", bundles, strict=False):
        assert load(place / version).id == bundle.id
    assert load(place / "current").id in (bundles[0].id, bundles[1].id)
