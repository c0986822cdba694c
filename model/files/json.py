"""JSON as Python holds it: one name for what `json.loads` gives."""

from typing import Any, TypeAlias

Json: TypeAlias = Any  # Any: a recursive type would make every reader cast
JsonObject: TypeAlias = dict[str, Any]  # Any: as above
