"""The bundle that is served, and how another takes its place: verified first, never half, and by the same task only."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from msa_ml.bundle.manifest import FILE
from msa_ml.bundle.read import Bundle
from msa_ml.errors import BundleRefused, MsaError

State = tuple[str, int, int, int]
"""Of a folder's manifest: real path, inode, size, time of change in ns."""


@dataclass(frozen=True, slots=True)
class Reload:
    """What became of a reload.

    Attributes
    ----------
    at
        When it was tried, UTC.
    accepted
        Whether the bundle found is served now.
    bundle_id
        Of the bundle that is served since.
    refusal
        Why the bundle found is not served; ``''`` when it is. Of a defect the class alone, since its message may quote
        anything.
    """

    at: datetime
    accepted: bool
    bundle_id: str
    refusal: str = ""


class Holder:
    """Holds the bundle of a path, which may be a link that is turned to another folder.

    Parameters
    ----------
    path
        Folder of the bundle, or a link to it.
    read
        Loads and verifies a folder.
    now
        The time, UTC.
    policy
        Name of the policy that decides; default: the bundle's own.

    Raises
    ------
    MsaError
        The first bundle cannot be served.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[Path], Bundle],
        now: Callable[[], datetime],
        policy: str | None = None,
    ) -> None:
        self.path = path
        self.policy = policy
        self.reloads: list[int] = [0, 0]
        self.last: Reload | None = None
        self._read = read
        self._now = now
        self._tried = self._state()
        self.bundle = self._loaded()

    def changed(self) -> bool:
        """Whether the path names another bundle than at the last try; a bundle that was refused is not tried again."""
        found = self._state()
        return found is not None and found != self._tried

    def reload(self) -> Reload:
        """Load what the path names now, and serve it if it is sound; otherwise go on with the one at hand.

        Takes about a second, and runs beside the scoring threads. A score that has begun ends with its old bundle.
        """
        self._tried = self._state()
        try:
            bundle = self._loaded()
            if bundle.manifest.task != self.bundle.manifest.task:
                raise BundleRefused(
                    f"it is of the task {bundle.manifest.task}; this process serves {self.bundle.manifest.task}.",
                    hint="Start another process for it.",
                )
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the bundle found, the one at hand goes on
            why = str(error) if isinstance(error, MsaError | OSError) else type(error).__name__
            result = Reload(self._now(), accepted=False, bundle_id=self.bundle.id, refusal=why)
        else:
            self.bundle = bundle
            result = Reload(self._now(), accepted=True, bundle_id=bundle.id)
        self.reloads[result.accepted] += 1
        self.last = result
        return result

    def _loaded(self) -> Bundle:
        bundle = self._read(self.path)
        bundle.manifest.policy(self.policy)
        bundle.warm_up()
        return bundle

    def _state(self) -> State | None:
        """Return what tells a bundle from another one without reading it; ``None`` when there is none."""
        try:
            real = os.path.realpath(self.path)
            found = (Path(real) / FILE).stat()
        except OSError:
            return None
        return real, found.st_ino, found.st_size, found.st_mtime_ns
