"""Labelled stories in, bundle out."""
