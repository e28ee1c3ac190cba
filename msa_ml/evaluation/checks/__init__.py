"""Checks of what a model is trained on and of what it says: a few facts and one function each."""
