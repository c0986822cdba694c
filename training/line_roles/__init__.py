"""How the page reader's classifier of lines is trained."""
