"""What a service begins with: the store's current version or its bundle, and what traces its requests."""

import os
from typing import TYPE_CHECKING

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.store import Store
from copydesk.model.installation import need_extra
from copydesk.model.network.device import choose_device
from copydesk.service.settings import Settings

if TYPE_CHECKING:
    from copydesk.service.otel import Tracer


def load_analyzer(settings: Settings) -> Analyzer:
    """The store's current version, or the bundle while there is none, on the device that the settings name."""
    current = Store(settings.models_dir).current() if settings.models_dir else None
    bundle = Store(settings.models_dir).path(current) if settings.models_dir and current else settings.bundle
    return Analyzer.load(bundle, choose_device(settings.device).staffed(), settings.max_document_tokens)


def open_tracer() -> "Tracer | None":
    """What traces requests, if any of OpenTelemetry's variables is set. Raises ConfigError, InstallError."""
    asking = min((name for name in os.environ if name.startswith("OTEL_")), default=None)
    if asking is None:
        return None
    need_extra("otel", f"tracing, for which {asking} asks,")
    from copydesk.service.otel import make_tracer

    return make_tracer()
