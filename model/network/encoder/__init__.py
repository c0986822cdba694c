"""The encoder: its files, a BERT of our own or a model of transformers, compiled where that pays."""
