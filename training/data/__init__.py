"""Labelled stories: read, checked, split."""
