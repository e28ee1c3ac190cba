"""What serving loads: one folder with graph, specification, thresholds and golden cases.

>>> from msa_ml.bundle import load  # the base install is enough
"""

from msa_ml.bundle.limits import Limits
from msa_ml.bundle.read import Bundle, load
from msa_ml.bundle.score import Reason, Score
from msa_ml.bundle.vectors import VectorBundle, load_vectors

__all__ = ["Bundle", "Limits", "Reason", "Score", "VectorBundle", "load", "load_vectors"]
