"""HTTP and bulk jobs: turns requests into calls of `model.analyzer.Analyzer`."""
