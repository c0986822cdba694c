from pathlib import Path

import pytest

from copydesk.model.bundles.manifest import Bundle, load_manifest


@pytest.fixture(scope="session")
def bundle(tiny_bundle: Path) -> Bundle:
    return load_manifest(tiny_bundle)
