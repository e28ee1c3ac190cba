"""Memory: runs, versions, promotion."""
