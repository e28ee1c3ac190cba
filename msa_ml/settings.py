"""The only reader of the environment and of ``msa.toml``; when asked, never on import.

The *home* is the folder ``.msa`` beside the nearest ``msa.toml``, ``.msa/`` or ``pyproject.toml`` of the project, looked
for from the working directory upwards, so a notebook in a subfolder sees the same store as a command at the top.

======================== ===============================================================
``MSA_CLICKHOUSE_URL``   where rows come from; default ``chdb:///HOME/store``
``MSA_RESULTS_URL``      where results are written; default: the same
``MSA_HOME``             the home itself, if it shall stand elsewhere
``MSA_PSEUDONYM_KEY``    64 hex digits; default: a 0600 file made by ``msa-ml init``
``MSA_ALLOW_PACKAGES``   packages whose extractors MLflow's loader may import, with commas
``MSA_TRUSTED_KEY``      file of the public keys; only bundles that one of them signed are loaded
``MSA_SIGNING_KEY``      file of the private key that signs every new bundle
``MSA_SHARED_DATA``      public corpora for the tests
``MLFLOW_TRACKING_URI``  MLflow's own; default: SQLite in the home
======================== ===============================================================
"""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msa_ml.errors import InputError, UnknownNameError

_SECTIONS = ("source", "limits", "retention", "labels", "mail")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment and ``msa.toml`` say. Secrets are left out of ``repr``.

    Attributes
    ----------
    home
        Folder of the embedded store, runs, caches and keys.
    clickhouse_url, results_url
        Where rows are read and where results are written.
    file
        Parsed ``msa.toml``; empty when there is none.
    lock_wait
        Seconds to wait for an embedded store that another process holds.
    """

    home: Path
    clickhouse_url: str = field(repr=False)
    results_url: str = field(repr=False)
    tracking_uri: str = field(repr=False)
    artifact_root: Path | None = None
    file: Mapping[str, Any] = field(default_factory=dict, repr=False)
    file_path: Path | None = None
    lock_wait: float = 10.0
    pseudonym_key: str | None = field(default=None, repr=False)
    signing_key: Path | None = None

    @property
    def is_demo(self) -> bool:
        """Whether this is a home that the demo made, the one place where a synthetic model may be champion."""
        return (self.home / DEMO_MARK).is_file()

    def section(self, *names: str) -> Mapping[str, Any]:
        """Return a table of ``msa.toml``, empty when it is absent."""
        table: Mapping[str, Any] = self.file
        for name in names:
            inner = table.get(name, {})
            if not isinstance(inner, Mapping):
                where = ".".join(names)
                raise InputError(f"{self.file_path}: [{where}] must be a table.", hint="See data/README.md.")
            table = inner
        return table


DEMO_MARK = "this-is-a-demo"


def make_demo_home(place: Path, *, anew: bool) -> None:
    """Make the home of the demo; an older one is emptied if ``anew``.

    Raises
    ------
    InputError
        The folder holds something that the demo did not make; it is left as it is.
    """
    if place.exists() and any(place.iterdir()) and not (place / DEMO_MARK).is_file():
        raise InputError(
            f"{place} holds something that is not the demo's; it is left as it is.",
            hint="Name an empty folder, or one that the demo made.",
        )
    if anew and place.exists():
        shutil.rmtree(place)
    place.mkdir(parents=True, exist_ok=True)
    (place / DEMO_MARK).write_text("Everything in this folder is SYNTHETIC; msa-ml demo may delete it.\n")


def find_home(start: Path) -> Path:
    """Return the home that belongs to a folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as top:
    ...     deep = Path(top, "notebooks", "spam")
    ...     deep.mkdir(parents=True)
    ...     Path(top, "msa.toml").touch()
    ...     find_home(deep) == Path(top).resolve() / ".msa"
    True
    """
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / "msa.toml").is_file() or (folder / ".msa").is_dir() or _is_project(folder):
            return folder / ".msa"
    return here / ".msa"


def _is_project(folder: Path) -> bool:
    """Whether this is the top of a project; a stray ``pyproject.toml`` above a home directory is one too."""
    return (folder / "pyproject.toml").is_file()


def read(
    *,
    home: Path | None = None,
    isolated: bool = False,
    environ: Mapping[str, str] | None = None,
    start: Path | None = None,
) -> Settings:
    """Read the environment and ``msa.toml``.

    Parameters
    ----------
    home
        Overrides both ``MSA_HOME`` and the search.
    isolated
        Ignore every other variable and ``msa.toml``: store and tracking are the home's own. The demo uses it.
    environ
        Default: ``os.environ``.
    start
        Where the search for the home begins; default: the working directory.

    Raises
    ------
    InputError
        ``msa.toml`` is not TOML, or has an unknown section.
    """
    env = os.environ if environ is None else environ
    begin = start or Path.cwd()
    place = home or (Path(env["MSA_HOME"]) if env.get("MSA_HOME") else find_home(begin))
    place = place.expanduser().resolve()
    path = place.parent / "msa.toml"
    file = {} if isolated else _read_toml(path)
    default_url = f"chdb://{place / 'store'}"
    url = default_url if isolated else env.get("MSA_CLICKHOUSE_URL") or file.get("url") or default_url
    results = default_url if isolated else env.get("MSA_RESULTS_URL") or file.get("results_url") or url
    default_tracking = f"sqlite:///{place / 'mlflow.db'}"
    tracking = default_tracking if isolated else env.get("MLFLOW_TRACKING_URI") or default_tracking
    return Settings(
        home=place,
        clickhouse_url=str(url),
        results_url=str(results),
        tracking_uri=tracking,
        artifact_root=place / "artifacts" if tracking == default_tracking else None,
        file=file,
        file_path=path if file else None,
        lock_wait=_seconds(file.get("lock_wait", 10.0), path),
        pseudonym_key=env.get("MSA_PSEUDONYM_KEY") or None,
        signing_key=_path(env, "MSA_SIGNING_KEY"),
    )


def allowed_packages(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the packages of ``MSA_ALLOW_PACKAGES``, whose extractors a bundle may import.

    Examples
    --------
    >>> allowed_packages({"MSA_ALLOW_PACKAGES": "acme_features, other"}), allowed_packages({})
    (('acme_features', 'other'), ())
    """
    env = os.environ if environ is None else environ
    names = env.get("MSA_ALLOW_PACKAGES", "").split(",")
    return tuple(name.strip() for name in names if name.strip())


def trusted_key(environ: Mapping[str, str] | None = None) -> Path | None:
    """Return the file of ``MSA_TRUSTED_KEY``, the keys that a bundle must be signed by; ``None``: any bundle is trusted.

    Examples
    --------
    >>> trusted_key({"MSA_TRUSTED_KEY": "/etc/msa/release.pub"}).name, trusted_key({})
    ('release.pub', None)
    """
    return _path(os.environ if environ is None else environ, "MSA_TRUSTED_KEY")


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]) if environ.get(name) else None


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not valid TOML: {error}.", hint="Mend the file; data/README.md shows one."
        ) from error
    known = (*_SECTIONS, "url", "results_url", "lock_wait")
    for name in table:
        if name not in known:
            raise UnknownNameError(f"key of {path}", name, known)
    return table


def _seconds(value: object, path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise InputError(f"{path}: lock_wait must be a number of seconds, found {value!r}.")
    return float(value)


def pseudonym_key(settings: Settings) -> bytes:
    """Return the key of pseudonyms, from ``MSA_PSEUDONYM_KEY`` or the home's 0600 file, which is made when absent.

    Raises
    ------
    InputError
        The key is not 64 hex digits.
    """
    path = settings.home / "pseudonym.key"
    if settings.pseudonym_key is not None:
        text, where = settings.pseudonym_key, "MSA_PSEUDONYM_KEY"
    else:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_key(path)
        text, where = path.read_text(encoding="ascii").strip(), str(path)
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise InputError(f"{where} must hold 64 hex digits.", hint="Make one with: openssl rand -hex 32")
    return key


def _make_key(path: Path) -> None:
    """Write a new key for the owner's eyes only; whoever comes first wins."""
    made = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(os.urandom(32).hex() + "\n")
    try:
        os.link(made, path)
    except FileExistsError:
        pass
    finally:
        made.unlink()
