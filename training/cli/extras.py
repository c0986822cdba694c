"""What training needs and serving does not."""

from copydesk.model import installation


def need_extra() -> None:
    """Raise InstallError unless the extra `train` is installed."""
    installation.need_extra("train", "training, evaluation and comparison")
