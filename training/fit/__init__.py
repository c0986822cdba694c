"""Examples in, trained bundle out."""
