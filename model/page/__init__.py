"""Text or HTML in, stories and furniture out."""
