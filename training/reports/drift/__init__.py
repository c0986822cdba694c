"""Drift as a page, as plots, as tables."""
