"""What a trained model leaves behind: its bundle, its report, and what the registry keeps."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msa_ml.bundle.card import model_card
from msa_ml.bundle.golden_events import golden_events
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.read import load as load_bundle
from msa_ml.bundle.signing import sign, signer
from msa_ml.bundle.write import Contents, packages_of, write
from msa_ml.dataset.dataset import day_of, weights_of
from msa_ml.errors import UnknownNameError
from msa_ml.evaluation import plots
from msa_ml.evaluation.compare import Comparison
from msa_ml.evaluation.report import report
from msa_ml.markup import table
from msa_ml.model.calibration import sigmoid
from msa_ml.model.threshold import default_policy
from msa_ml.registry.items import RunItems, flat

if TYPE_CHECKING:
    from msa_ml.trained import Trained


def make_bundle(trained: Trained, folder: Path) -> Bundle:
    """Write the bundle of a trained model under ``folder/<first 12 digits of its id>`` and return it, verified.

    ``folder/latest`` then names it. Where a signing key is configured, it is signed.
    """
    prepared, dataset = trained.prepared, trained.prepared.dataset
    train = prepared.split.train
    ham = prepared.vectors.dense[train][prepared.y[train] == 0]
    counts = prepared.counts()
    card = model_card(
        task=trained.task.name,
        question=trained.task.question,
        table=trained.evaluation.table(),
        policies=trained.policies,
        dataset=dataset.fingerprint,
        split=prepared.split.how,
        counts=counts,
        features=len(prepared.features.columns),
        synthetic=dataset.synthetic,
        kind=prepared.features.kind,
        histories="" if trained.worth is None else str(trained.worth),
    )
    contents = Contents(
        task=trained.task.name,
        features=prepared.features,
        graph=trained.graph,
        policies=trained.policies,
        metrics=trained.evaluation.to_json(),
        training={
            "experiment": trained.experiment.to_dict(),
            "split": prepared.split.how,
            "test_window": _test_window(trained),
            "dropped": dict(prepared.split.dropped),
            "counts": counts,
            "importance": importance_of(trained),
            "dropped_features": dict(prepared.dropped),
            **({} if trained.worth is None else {"histories": trained.worth.to_json()}),
        },
        dataset=dataset.fingerprint,
        typical_ham=_medians(ham),
        card=card,
        code_revision=code_revision(),
        synthetic=dataset.synthetic,
        rules={dataset.task: dataset.rules},
        rollout=trained.experiment.rollout.plan(),
    )
    with tempfile.TemporaryDirectory(prefix=".new-", dir=_made(folder)) as place:
        bundle = write(Path(place) / "bundle", contents, golden_events(prepared.features.kind))
        final = folder / bundle.id[:12]
        try:
            bundle.path.rename(final)
        except OSError:
            # The same data and code gave the same bundle before, or in another process just now.
            if not final.is_dir():
                raise
    if dataset.settings.signing_key is not None:
        sign(final, dataset.settings.signing_key)
    _point(folder / "latest", final.name)
    return load_bundle(final, packages=packages_of(prepared.features), replay=False, trusted_key=False)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _point(link: Path, name: str) -> None:
    """Let a link name the newest bundle; it never points nowhere."""
    made = link.with_name(f".{link.name}.{os.getpid()}")
    made.unlink(missing_ok=True)
    made.symlink_to(name)
    made.replace(link)


def _test_window(trained: Trained) -> list[str] | None:
    """Return [first, end) of the test window, in which no training event lies; ``None`` for a given split."""
    if trained.experiment.split.method != "time":
        return None
    # Rows are in order of time.
    times: list[datetime] = trained.prepared.index[trained.prepared.split.test]["event_time"].to_list()
    return [times[0].isoformat(), (times[-1] + timedelta(milliseconds=1)).isoformat()]


def importance_of(trained: Trained) -> dict[str, float]:
    """Return the importance of every input of the trees that is used, to six digits."""
    return {name: float(f"{value:.6g}") for name, value in trained.importance.items() if value > 0}


def _medians(ham: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the median of each column over what is known; ``nan`` where nothing is."""
    found = np.full(ham.shape[1], np.nan, np.float32)
    for column in range(ham.shape[1]):
        known = ham[:, column][~np.isnan(ham[:, column])]
        if len(known):
            found[column] = np.median(known)
    return found


def code_revision() -> str:
    """Return the git revision of the code that runs, with ``+`` if it was changed since; empty outside a checkout."""
    top = Path(__file__).resolve().parent.parent
    if not (top / ".git").exists():
        return ""
    try:
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=top, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--", "msa_ml"],
            cwd=top,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{head}{'+' if changed else ''}"


@dataclass(frozen=True)
class Published:
    """What a training run left behind.

    Attributes
    ----------
    version
        Registered version, or empty when tracking was switched off.
    aliases
        Of that version.
    bundle
        The verified bundle.
    trained
        The model with its evidence.
    cost
        What changes against a model of every feature on the same rows; of models with portable features only.
    """

    version: str
    run_id: str
    aliases: tuple[str, ...]
    bundle: Bundle
    trained: Trained
    cost: Comparison | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the result of ``msa-ml train --json``."""
        evaluation = self.trained.evaluation
        return {
            "task": self.trained.task.name,
            "version": self.version,
            "run_id": self.run_id,
            "aliases": list(self.aliases),
            "bundle": str(self.bundle.path),
            "bundle_id": self.bundle.id,
            "spec_digest": self.bundle.manifest.spec_digest,
            "synthetic": self.bundle.manifest.synthetic,
            "default_policy": self.bundle.manifest.default_policy,
            "dataset": dict(self.trained.prepared.dataset.fingerprint),
            "counts": self.trained.prepared.counts(),
            "metrics": evaluation.metrics_flat(),
            **({} if self.trained.worth is None else {"histories": self.trained.worth.to_json()}),
            **({} if self.cost is None else {"cost_of_portable": self.cost.to_json()}),
            "dropped_features": dict(self.trained.prepared.dropped),
        }

    def __repr__(self) -> str:
        mark = ", SYNTHETIC" if self.bundle.manifest.synthetic else ""
        name = f"version {self.version}" if self.version else "not registered"
        return f"Published({self.trained.task.name} {name}, bundle {self.bundle.id[:12]}{mark})"

    def _repr_html_(self) -> str:
        manifest = self.bundle.manifest
        rows = [
            ("task", self.trained.task.name),
            ("version", self.version or "not registered"),
            ("aliases", ", ".join(self.aliases) or "none"),
            ("bundle", self.bundle.id[:12]),
            ("specification", manifest.spec_digest[:12]),
            ("default policy", manifest.default_policy),
        ]
        top = table(("published", ""), rows, synthetic=manifest.synthetic, notes=manifest.warnings)
        return f"{top}{self.trained._repr_html_()}"


def run_items(trained: Trained, bundle: Bundle) -> RunItems:
    """Return what a run logs; pure, :mod:`msa_ml.registry.tracking` writes it."""
    manifest = bundle.manifest
    tags = {
        "synthetic": str(manifest.synthetic).lower(),
        "spec_digest": manifest.spec_digest,
        "bundle_id": bundle.id,
        "package_version": manifest.package_version,
        "code_revision": manifest.code_revision,
    }
    signed = {"signed_by": by} if (by := signer(bundle.path)) else {}
    return RunItems(
        name=trained.experiment.name,
        parameters=flat(trained.experiment.to_dict()),
        metrics={
            **trained.evaluation.metrics_flat(),
            **({} if trained.worth is None else trained.worth.metrics()),
        },
        tags=tags,
        version_tags={
            **tags,
            **signed,
            "format": str(manifest.format),
            "default_policy": manifest.default_policy,
        },
        bundle=bundle.path,
        documents={
            "MODEL_CARD.md": (bundle.path / "MODEL_CARD.md").read_text(encoding="utf-8"),
            "evaluation.txt": trained.evaluation.table(),
            "query.sql": trained.prepared.dataset.sql,
            "report.html": report_of(trained),
        },
        values={
            "fingerprint.json": dict(trained.prepared.dataset.fingerprint),
            "evaluation.json": trained.evaluation.to_json(),
            "experiment.json": trained.experiment.to_dict(),
        },
        figures=figures_of(trained),
        kind=manifest.kind,
    )


PLOTS = ("roc", "scores", "by_day", "calibration", "importance")


def figures_of(trained: Trained) -> dict[str, Any]:
    """Return the plots of a trained model by file name."""
    return {f"{name}.png": figure_of(trained, name) for name in PLOTS}


def figure_of(trained: Trained, name: str) -> Any:
    """Return one plot of a trained model.

    Raises
    ------
    UnknownNameError
        No such plot.
    """
    rows = trained.prepared.split.test
    index = trained.prepared.index[rows]
    y, synthetic, words = trained.prepared.y[rows], trained.prepared.dataset.synthetic, trained.prepared.words
    day, weight = day_of(index), weights_of(index)
    if name == "roc":
        return plots.roc(
            y,
            trained.logit,
            weight=weight,
            campaign=index["campaign"].to_numpy().astype(str),
            day=day,
            budgets=trained.experiment.evaluation.budgets,
            synthetic=synthetic,
            words=words,
        )
    if name == "scores":
        return plots.score_histogram(y, trained.logit, trained.policies, synthetic=synthetic, words=words)
    if name == "by_day":
        policy = default_policy(trained.policies)[0]
        return plots.by_day(y, trained.logit, day, policy, synthetic=synthetic, words=words)
    if name == "calibration":
        return plots.calibration(y, sigmoid(trained.logit), weight=weight, synthetic=synthetic, words=words)
    if name == "importance":
        return plots.importance(trained.importance, synthetic=synthetic)
    raise UnknownNameError("plot", name, PLOTS)


def report_of(trained: Trained) -> str:
    """Return the evaluation as one self-contained HTML page."""
    return report(
        trained.evaluation, figures_of(trained), title=f"{trained.task.name}: {trained.experiment.name}"
    )
