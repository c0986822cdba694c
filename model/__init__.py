"""Text in, analysis out: synchronous, reads no environment, knows no HTTP."""
