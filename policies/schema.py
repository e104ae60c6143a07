"""The JSON Schema of a policy file, made from the model, for editors that complete and warn."""

from typing import Any

import msgspec

from policies.model import Policy

DIALECT = "https://json-schema.org/draft/2020-12/schema"

DATA_FILE: dict[str, Any] = {
    "title": "DataFile",
    "description": "The four fields of an inline entry, in a file beside the policy.",
    "type": "object",
    "properties": {"file": {"type": "string", "pattern": r"^[a-z0-9_/-]+\.yaml$"}},
    "required": ["file"],
    "additionalProperties": False,
}


def schema() -> dict[str, Any]:
    """The schema of a policy file as it is written, before its data files are read in."""
    (reference,), definitions = msgspec.json.schema_components([Policy])
    inline = definitions["Data"]
    return {
        "$schema": DIALECT,
        "title": "Anfang policy",
        **reference,
        "$defs": definitions
        | {"Data": {"anyOf": [DATA_FILE, {"$ref": "#/$defs/InlineData"}]}, "InlineData": inline},
    }
