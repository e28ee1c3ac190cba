"""What serving loads: one folder with graph, specification, thresholds and golden cases.

>>> from msa_ml.bundle import load  # the base install is enough
"""

from msa_ml.bundle.limits import Limits
from msa_ml.bundle.read import Bundle, load
from msa_ml.bundle.score import Reason, Score

__all__ = ["Bundle", "Limits", "Reason", "Score", "load"]
