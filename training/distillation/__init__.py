"""A smaller bundle taught by a larger one, from texts without labels."""
