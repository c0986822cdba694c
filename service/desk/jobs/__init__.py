"""Training in a process of its own."""
