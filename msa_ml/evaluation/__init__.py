"""Scores to evidence: metrics with intervals, slices, comparison, plots and the report."""
