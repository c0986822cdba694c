"""Scores in, tags and summaries out."""
