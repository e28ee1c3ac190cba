"""Rows, labels, and a point in time."""
