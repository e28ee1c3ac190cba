"""What serving loads: one folder with graph, specification, thresholds and golden cases.

>>> from msa_ml.bundle import load  # the base install is enough
"""

from msa_ml.bundle.read import Bundle, Score, load

__all__ = ["Bundle", "Score", "load"]
