"""What training needs and serving does not."""

from copydesk.model.errors import ConfigError


def need_extra() -> None:
    """Raise ConfigError unless the extra `train` is installed."""
    try:
        import datasets  # noqa: F401
        import peft  # noqa: F401
    except ImportError as error:
        raise ConfigError(f"{error.name} is not installed; pip install 'copydesk[train]'") from error
