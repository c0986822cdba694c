"""Stories in, read by the model, and shown to be judged."""
