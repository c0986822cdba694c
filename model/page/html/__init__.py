"""HTML in, main text out: parsed in processes of their own."""
