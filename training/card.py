"""The model card: what a person should know before using a bundle."""

from model.bundle import Bundle


def model_card(bundle: Bundle) -> str:
    """The card in Markdown."""
    return f"# {bundle.name}\n\nLabels: {', '.join(bundle.labels)}.\n"
