"""osquery's tables that are not offered by design, so that asking for one says why."""

from collections.abc import Mapping

DENIED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "chrome_extension_content_scripts",
            "docker_container_envs",
            "known_hosts",
            "process_envs",
            "process_memory_map",
            "shell_history",
        ),
        "table_denied_private",
    ),
    **dict.fromkeys(("carves", "curl", "curl_certificate"), "table_denied_outside"),
}
"""Table name to the code of the reason (`facts.reasons`)."""
