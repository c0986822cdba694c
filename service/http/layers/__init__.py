"""What surrounds every route: log line, keys, rate."""
