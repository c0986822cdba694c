"""What to label next, and who holds it."""
