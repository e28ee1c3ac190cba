"""Numbers to score: content model, boosted trees, their stack, calibration and thresholds."""
