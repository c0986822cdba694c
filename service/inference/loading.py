"""What a service begins with: the store's current version, or its bundle."""

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.store import Store
from copydesk.model.network.device import choose_device
from copydesk.service.settings import Settings


def load_analyzer(settings: Settings) -> Analyzer:
    """The store's current version, or the bundle while there is none, on the device that the settings name."""
    current = Store(settings.models_dir).current() if settings.models_dir else None
    bundle = Store(settings.models_dir).path(current) if settings.models_dir and current else settings.bundle
    return Analyzer.load(bundle, choose_device(settings.device).staffed(), settings.max_document_tokens)
