"""Anybody's rows in, whole files out."""
