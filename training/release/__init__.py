"""A candidate beside the current version: compared, judged, promoted."""
