"""Columns that osquery's tables have on other platforms only: hidden here, and NULL.

People's queries name them, and osquery on Linux answers with nothing. At the keyboard so do we; a
policy cannot name them, because what is never there cannot be judged. The names are osquery's.
"""

from collections.abc import Mapping

from facts.spec import TableSpec

_COLUMNS: Mapping[str, str] = {
    "certificates": "sid store_location store username store_id",
    "cpu_info": """
        availability load_percentage number_of_efficiency_cores number_of_performance_cores
    """,
    "disk_encryption": "uid user_uuid filevault_status",
    "file": """
        attributes volume_serial file_id file_version product_version original_filename
        shortcut_target_path shortcut_target_type shortcut_target_location shortcut_start_in
        shortcut_run shortcut_comment bsd_flags
    """,
    "groups": "group_sid comment is_hidden",
    "interface_addresses": "friendly_name",
    "interface_details": """
        friendly_name description manufacturer connection_id connection_status enabled
        physical_adapter speed service dhcp_enabled dhcp_lease_expires dhcp_lease_obtained
        dhcp_server dns_domain dns_domain_suffix_search_order dns_host_name
        dns_server_search_order
    """,
    "logged_in_users": "sid registry_hive",
    "os_version": "extra install_date revision",
    "processes": """
        elevated_token secure_process protection_type virtual_process elapsed_time handle_count
        percent_processor_time upid uppid cpu_type cpu_subtype translated
    """,
    "secureboot": "secure_mode description kernel_extensions mdm_operations",
    "system_controls": "field_name",
    "system_info": "emulated_cpu_type",
    "time": "win_timestamp",
    "users": "type is_hidden",
}


def hidden(specs: Mapping[str, TableSpec]) -> Mapping[str, tuple[str, ...]]:
    """The hidden columns of those of `specs` that have some."""
    found = {}
    for name, spec in specs.items():
        own = {column.name for column in spec.columns}
        columns = tuple(c for c in _COLUMNS.get(name, "").split() if c not in own)
        if columns:
            found[name] = columns
    return found
