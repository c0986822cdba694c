"""What each line of a page is, by a small classifier of lines."""
