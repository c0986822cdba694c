"""What each path of the desk answers."""
