"""HTTP and bulk jobs: turns requests into calls of `copydesk.model.analyzer.Analyzer`."""
