"""What was measured as pages, tables and plots; the only importer of matplotlib and jinja2."""
