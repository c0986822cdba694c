"""How far texts have moved from those that a model was measured on, told from sums that hold no text."""
