"""The commands that use a bundle, a file for each."""
