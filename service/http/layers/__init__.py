"""What surrounds every route: browser rules, log line, hosts, keys, rate, HEAD."""
