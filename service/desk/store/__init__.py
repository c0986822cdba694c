"""What the desk keeps: its tables, and the one way to read and write them."""
