"""Machine learning for an anti-abuse department: features, point-in-time data, models, evaluation, bundles.

In a notebook::

    import msa_ml
    mails = msa_ml.load("spam", since="2026-11-01")
    result = msa_ml.train("spam")
    msa_ml.show(event_id)

Names below are loaded when they are used, so that serving, which needs :mod:`msa_ml.bundle` alone, stays light.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_LAZY = {
    "Experiment": "msa_ml.experiment",
    "Extractor": "msa_ml.features.extractor",
    "Feature": "msa_ml.features.extractor",
    "FeatureSet": "msa_ml.features.extractor",
    "Message": "msa_ml.features.mail.message",
    "View": "msa_ml.features.extractor",
    "backtest": "msa_ml.backtesting",
    "demo": "msa_ml.notebook",
    "evaluate": "msa_ml.notebook",
    "explain": "msa_ml.display",
    "explain_events": "msa_ml.measuring",
    "extract": "msa_ml.notebook",
    "fit": "msa_ml.notebook",
    "load": "msa_ml.pipeline",
    "load_bundle": "msa_ml.notebook",
    "load_ipython_extension": "msa_ml.notebook",
    "load_test": "msa_ml.notebook",
    "message": "msa_ml.display",
    "plot_days": "msa_ml.exploring",
    "plot_sizes": "msa_ml.exploring",
    "prepare": "msa_ml.notebook",
    "show": "msa_ml.display",
    "train": "msa_ml.notebook",
}

__all__ = ["__version__"]
__all__ += list(_LAZY)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'msa_ml' has no attribute '{name}'; it has {', '.join(sorted(__all__))}")


def __dir__() -> list[str]:
    return sorted(__all__)
