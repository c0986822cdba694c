"""Tokens in, scores out, on one device."""
