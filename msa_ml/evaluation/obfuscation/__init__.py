"""Spam that hides from filters and stays readable for people: how much of what a model catches it still catches."""
