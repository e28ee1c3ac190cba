"""``verify``, ``score`` and ``serve``: what serving runs, with the base install only."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msa_ml.commands.options import allowing, common, finish, log_to_standard_error, now, show, trusting
from msa_ml.errors import InputError, MsaError

if TYPE_CHECKING:
    from msa_ml.bundle.read import Bundle
    from msa_ml.bundle.score import Score

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("verify", epilog="Example: msa-ml verify bundles/spam")
@click.argument("bundle", type=_FOLDER)
@allowing
@trusting
@common
def verify_command(bundle: Path, allow: tuple[str, ...], *, key: Path | None, as_json: bool) -> None:
    """Check the hashes of a bundle, its signature where a key is trusted, and replay its golden cases."""
    from msa_ml.bundle.read import load
    from msa_ml.bundle.signing import signer
    from msa_ml.settings import trusted_key

    loaded = load(bundle, packages=("msa_ml", *allow), replay=False, trusted_key=key)
    # A bundle that was loaded under a trusted key is signed by it.
    signed_by = signer(bundle) if key or trusted_key() else ""
    cases = loaded.verify()
    manifest = loaded.manifest
    show(
        f"{manifest.task} bundle {loaded.id[:12]}: {len(manifest.files)} files and {cases} golden cases agree.",
        as_json=as_json,
    )
    if signed_by:
        show(f"  signed by {signed_by[:12]}, a trusted key", as_json=as_json)
    for warning in manifest.warnings:
        show(f"  warning: {warning}", as_json=as_json)
    finish(
        {
            "verified": True,
            "task": manifest.task,
            "bundle_id": loaded.id,
            "format": manifest.format,
            "files": len(manifest.files),
            "golden_cases": cases,
            "signed_by": signed_by,
            "synthetic": manifest.synthetic,
            "warnings": list(manifest.warnings),
        },
        as_json=as_json,
    )


@click.command(
    "score",
    epilog="Examples: msa-ml score bundles/spam mail.eml --reasons 5; msa-ml score bundles/spam < mail.eml; "
    "msa-ml score bundles/signup_abuse signups.jsonl --json",
)
@click.argument("bundle", type=_FOLDER)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--policy", metavar="NAME", help="Policy that decides; default: the bundle's.")
@click.option(
    "--reasons", type=click.IntRange(0, 50), default=0, help="Explain the score by so many contributions."
)
@click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append a line with score and vector of each mail, for log-scores; holds words of the mails.",
)
@click.option("--source", default="", help="With --log: the name under which these mails are imported.")
@allowing
@trusting
@common
def score_command(
    bundle: Path,
    files: tuple[Path, ...],
    policy: str | None,
    reasons: int,
    log: Path | None,
    source: str,
    allow: tuple[str, ...],
    *,
    key: Path | None,
    as_json: bool,
) -> None:
    """Score raw mails: files, folders of .eml files, or one mail on standard input; or sign-ups as JSON lines.

    A line is one event by field name; with "history" in it an object of what your counters know, by name. A bundle that
    has histories says "without history" of a line that gives none. Of mail, score-lines takes histories.
    """
    from msa_ml.bundle.read import load

    if (log is None) != (source == ""):
        raise InputError(
            "--log and --source go together.",
            hint="The source gives each mail the id under which it is stored.",
        )

    loaded = load(bundle, packages=("msa_ml", *allow), trusted_key=key)
    loaded.manifest.policy(policy)
    if log is not None and loaded.manifest.kind != "mail":
        raise InputError(
            f"--log knows the id of mail only; this bundle reads a {loaded.manifest.kind}.",
            hint="In Python: msa_ml.bundle.logged.score_logged(bundle, event, event_id=..., ...).",
        )
    if loaded.manifest.synthetic:
        show("SYNTHETIC: this model was trained on simulated events.", as_json=True)
    rows: list[dict[str, Any]] = []
    mails = _mails(_sources(files))
    is_mail = loaded.manifest.kind == "mail"
    names = [history.name for history in loaded.features.histories]
    events = ((name, raw, None) for name, raw in mails) if is_mail else _lines(mails, names)
    for name, event, history in events:
        if log is None:
            score = loaded.score(event, history=history, policy=policy, reasons=reasons)
        else:
            score = _logged(loaded, event, log, source, policy=policy, reasons=reasons)
        verdict = loaded.manifest.task if score.decision else f"not {loaded.manifest.task}"
        part = "  (of its beginning; the mail is longer than what is looked at)" if score.truncated else ""
        part += f"  (without {', '.join(score.degraded)})" if score.degraded else ""
        show(f"{score.probability:8.4%}  {verdict:<10} {name}{part}", as_json=as_json)
        for reason in score.reasons:
            show(
                f"           {reason.contribution:+6.2f}  {reason.name}: {reason.words} ({reason.value:g})",
                as_json=as_json,
            )
        if as_json:
            rows.append({"file": name, **score.to_json()})
    finish(
        {"bundle_id": loaded.id, "policy": policy or loaded.manifest.default_policy, "scores": rows},
        as_json=as_json,
    )


def _logged(bundle: Bundle, raw: bytes, log: Path, source: str, **options: Any) -> Score:
    """Score a mail and append its line to the log, which its owner alone may read."""
    from msa_ml.bundle.logged import score_logged
    from msa_ml.records import event_id, without_from_line
    from msa_ml.source.mail_head import read_head
    from msa_ml.source.mail_time import arrival

    whole, moment = without_from_line(raw), now()
    head = read_head(whole)
    arrived = arrival(head.received, head.date)
    score, row = score_logged(
        bundle,
        whole,
        event_id=event_id(source, whole),
        event_time=arrived[0] if arrived else moment,
        scored_at=moment,
        **options,
    )
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as stream:
        stream.write(row.to_line() + "\n")
    return score


@click.command(
    "serve",
    epilog="""\b
Example: msa-ml serve bundles/spam/current --socket /run/msa-ml/spam.sock
  curl --unix-socket /run/msa-ml/spam.sock -H 'Content-Type: message/rfc822' \\
       --data-binary @mail.eml 'http://localhost/score?reasons=3'
  curl --unix-socket /run/msa-ml/spam.sock http://localhost/health
  kill -HUP PID    # load the bundle again; kill -TERM PID: end what is under way, then stop""",
)
@click.argument("bundle", type=_FOLDER)
@click.option(
    "--socket", "path", type=click.Path(path_type=Path), help="Unix socket, for owner and group (0660)."
)
@click.option("--port", type=click.IntRange(0, 65535), help="Port of 127.0.0.1 instead; 0 takes a free one.")
@click.option("--policy", metavar="NAME", help="Policy that decides; default: the bundle's.")
@click.option(
    "--limit-bytes",
    type=click.IntRange(1),
    default=64_000_000,
    show_default=True,
    help="A longer mail is scored on its beginning and says 'truncated'.",
)
@click.option(
    "--limit-seconds",
    type=click.FloatRange(0, min_open=True),
    default=2.0,
    show_default=True,
    help="Processor time of a mail; what would start later is left out, and 'degraded' names it.",
)
@click.option(
    "--most-bytes",
    type=click.IntRange(1),
    default=128_000_000,
    show_default=True,
    help="A longer body is refused (413).",
)
@click.option(
    "--most-requests",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    help="Requests under way; one more is refused (503).",
)
@click.option(
    "--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads that score."
)
@click.option(
    "--watch",
    type=click.FloatRange(0),
    default=2.0,
    show_default=True,
    help="Seconds between looks whether BUNDLE, for example a link, names another one; 0: never.",
)
@click.option(
    "--stop-seconds",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="What is under way has so long to end at a stop.",
)
@allowing
@trusting
@common
def serve_command(
    bundle: Path,
    path: Path | None,
    port: int | None,
    policy: str | None,
    limit_bytes: int,
    limit_seconds: float,
    most_bytes: int,
    most_requests: int,
    threads: int,
    watch: float,
    stop_seconds: int,
    allow: tuple[str, ...],
    *,
    key: Path | None,
    as_json: bool,
) -> None:
    """Score mail for other programs on this machine, over HTTP on a Unix socket.

    \b
    POST /score           raw mail in (or {"raw": base64, "history": {...}}; other kinds: {"event": {...}, "history": {...}}),
                          JSON out; ?reasons=N&policy=NAME
    GET  /health          bundle, counts, the last reload
    GET  /metrics         the same for Prometheus

    The bundle is loaded again on SIGHUP, and when BUNDLE comes to name another one: verified first; one that is refused
    changes nothing but the log and /health. One process keeps about one core busy; run several for more.
    """  # noqa: D301 - click's mark for lines that stay as they are
    from functools import partial

    from msa_ml.bundle.limits import Limits
    from msa_ml.bundle.read import load
    from msa_ml.bundle.serve import listening, server
    from msa_ml.bundle.serve.app import LOG, App, Service
    from msa_ml.bundle.serve.holder import Holder

    if (path is None) == (port is None):
        raise InputError("name one place to listen on.", hint="--socket PATH, or --port N for 127.0.0.1.")
    log_to_standard_error(LOG.name)
    place = listening.unix_socket(path) if path is not None else listening.loopback_port(port or 0)
    with place as listener:
        holder = Holder(bundle, partial(load, packages=("msa_ml", *allow), trusted_key=key), now, policy)
        limits = Limits(bytes=limit_bytes, seconds=limit_seconds)
        service = Service(limits, most_bytes=most_bytes, most_requests=most_requests, threads=threads)
        app = App(holder, service, time.monotonic)
        where = path if path is not None else "{}:{}".format(*listener.getsockname())
        loaded = holder.bundle
        synthetic = "SYNTHETIC " if loaded.manifest.synthetic else ""
        LOG.info("serving %s%s bundle %s on %s", synthetic, loaded.manifest.task, loaded.id[:12], where)
        server.run(app, listener, server.Running(watch_seconds=watch, stop_seconds=stop_seconds))
    health = app.health()
    LOG.info("stopped after %d scores", health["scored"])
    finish(health, as_json=as_json)


def _sources(paths: tuple[Path, ...]) -> list[Path | None]:
    """Return the files that are named, and those of folders; ``None`` is standard input."""
    found: list[Path | None] = []
    for path in paths:
        if str(path) == "-":
            found.append(None)
        elif path.is_dir():
            inside = sorted(
                entry for entry in path.rglob("*") if entry.is_file() and not entry.name.startswith(".")
            )
            if not inside:
                raise InputError(f"{path} holds no file.")
            found += inside
        else:
            found.append(path)
    for folder in sorted({entry.parent for entry in found if entry is not None}):
        _demand_no_bundle(folder)
    if not paths:
        if sys.stdin.isatty():
            raise InputError("no mail was given.", hint="Name files, or send one mail to standard input.")
        found.append(None)
    return found


def _demand_no_bundle(folder: Path) -> None:
    """Refuse the files of a bundle; scored as mails they would give numbers that mean nothing."""
    from msa_ml.bundle.manifest import FILE

    top = folder.parent if folder.name == "lists" else folder
    if (top / FILE).is_file():
        raise InputError(
            f"{top} is a bundle (it holds {FILE}); its files are no mails.",
            hint="The first argument is the bundle, the others are mails.",
        )


def _mails(sources: list[Path | None]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, raw) of every file."""
    for path in sources:
        if path is None:
            yield "standard input", sys.stdin.buffer.read()
        else:
            yield str(path), _read(path)


def _lines(
    files: Iterable[tuple[str, bytes]], names: Sequence[str]
) -> Iterator[tuple[str, Any, Mapping[str, float] | None]]:
    """Yield (name, event, history) of every line of every file; ``names`` are those of the histories."""
    from msa_ml.bundle.given_history import history_values
    from msa_ml.bundle.manifest import strict_json

    for name, data in files:
        for number, line in enumerate(data.splitlines(), 1):
            if not line.strip():
                continue
            where = f"{name}, line {number}"
            try:
                event = strict_json(line)
            except (ValueError, RecursionError) as error:
                raise InputError(
                    f"{where}: this is no JSON.", hint='One event a line: {"user_name": "ann", ...}'
                ) from error
            history = event.pop("history", None) if isinstance(event, dict) else None
            try:
                history_values(names, history)
            except InputError as error:
                raise InputError(f"{where}: {error.message}", hint=error.hint) from error
            yield where, event, history


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}.") from error
    except OSError as error:
        raise MsaError(f"{path} cannot be read: {error.strerror}.") from error
