"""Who is asking, and what goes in and out: sessions, forms, pages."""
