"""Trained models on disk, and the versions of them."""
