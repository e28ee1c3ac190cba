"""Record to named numbers."""
