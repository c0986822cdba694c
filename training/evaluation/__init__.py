"""A bundle measured on stories and articles, beside others."""
