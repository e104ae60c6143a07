"""The JSON Schema of a policy file, made from the model, for editors that complete and warn."""

from typing import Any

import msgspec

from policies.model import Policy

DIALECT = "https://json-schema.org/draft/2020-12/schema"

FILE: dict[str, Any] = {
    "title": "File",
    "description": "What would stand here (the four fields of data, a list of checks) in a file "
    "beside the policy.",
    "type": "object",
    "properties": {"file": {"type": "string", "pattern": r"^[a-z0-9_/-]+\.yaml$(?!\n)"}},
    "required": ["file"],
    "additionalProperties": False,
}


def schema() -> dict[str, Any]:
    """The schema of a policy file as it is written, before the files it names are read in."""
    (reference,), definitions = msgspec.json.schema_components([Policy])
    for name in ("Data", "Check"):
        definitions[f"Inline{name}"] = definitions[name]
        definitions[name] = {"anyOf": [FILE, {"$ref": f"#/$defs/Inline{name}"}]}
    return {
        "$schema": DIALECT,
        "title": "Anfang policy",
        **reference,
        "$defs": definitions,
    }
