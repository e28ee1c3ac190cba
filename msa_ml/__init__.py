"""Machine learning for an anti-abuse department: features, point-in-time data, models, evaluation, bundles."""

__version__ = "0.1.0"
