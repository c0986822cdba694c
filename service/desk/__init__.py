"""Where corrections are made, kept, and turned into a better model."""
