"""The picture: how much is judged, how good the model is, how far people agree."""
