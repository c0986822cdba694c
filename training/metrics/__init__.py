"""How good tags and summaries are, and how sure that is."""
