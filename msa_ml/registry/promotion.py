"""Who may become champion.

A challenger is measured against the champion on the test window that both manifests report. Intervals of one window
are compared, not event by event; a version without a champion before it needs only certified evidence.
"""

from __future__ import annotations

from typing import Any

from msa_ml.errors import Refused
from msa_ml.registry.tracking import Tracking


def promote(tracking: Tracking, task: str, version: str, *, forced: str = "") -> dict[str, Any]:
    """Promote a version, unless its own record speaks against it.

    Parameters
    ----------
    forced
        Reason of a person who overrides the verdict.

    Raises
    ------
    Refused
        The version was trained on simulated events, or its record speaks against it and nobody forced it.
    """
    reasons = [] if forced else against(tracking, task, version)
    if reasons:
        raise Refused(
            f"version {version} of '{task}' is not promoted: {'; '.join(reasons)}.",
            hint="If you know better: --force --reason TEXT.",
        )
    return {
        **tracking.promote(task, version, forced=forced),
        "reasons": [f"forced: {forced}"] if forced else [],
    }


def against(tracking: Tracking, task: str, version: str) -> list[str]:
    """Return what a version's metrics say against it, compared with the champion's."""
    name = "tpr_at_fpr_1pct"
    champion = tracking.champion(task)
    if champion is None or champion == version:
        return []
    mine, theirs = tracking.metrics(task, version), tracking.metrics(task, champion)
    if name not in mine or name not in theirs:
        return [f"{name} is not recorded for both versions"]
    # Non-inferior within the champion's own interval: its lower end is what chance alone explains.
    floor = theirs.get(f"{name}.low", theirs[name])
    if mine[name] < floor:
        return [
            f"{name} is {mine[name]:.4f}, below {floor:.4f}, the lower end of champion {champion}'s interval"
        ]
    return []
