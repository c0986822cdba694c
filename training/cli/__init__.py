"""The commands that make and measure bundles, a file for each."""
