"""Archives in, answers out."""
