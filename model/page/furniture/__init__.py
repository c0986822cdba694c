"""Furniture that is certain without a classifier, by lines and inside them."""
