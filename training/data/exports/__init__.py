"""Rows as annotation tools and other services export them, turned into plain rows."""
