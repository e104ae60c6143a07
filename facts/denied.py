"""osquery's tables that are not offered, so that asking for one says why."""

from collections.abc import Mapping

_WHY: Mapping[str, str] = {
    "table_denied_private": """
        chrome_extension_content_scripts chrome_extensions docker_container_envs firefox_addons
        jetbrains_plugins known_hosts process_envs process_memory_map safari_extensions
        shell_history user_ssh_keys vscode_extensions
    """,
    "table_denied_outside": """
        azure_instance_metadata azure_instance_tags carves curl curl_certificate
        ec2_instance_metadata ec2_instance_tags prometheus_metrics ycloud_instance_metadata
    """,
    "table_denied_contents": """
        augeas device_file device_hash device_partitions yara_events yara_file yara_process
    """,
    "table_denied_tracing": """
        apparmor_events bpf_process_events bpf_socket_events file_events process_events
        process_file_events seccomp_events selinux_events socket_events syslog_events user_events
    """,
    "table_of_osquery": """
        osquery_events osquery_extensions osquery_flags osquery_info osquery_packs
        osquery_registry osquery_schedule
    """,
    "table_not_offered": """
        carbon_black_info cpu_time deb_package_files
        docker_container_fs_changes docker_container_labels docker_container_networks
        docker_container_ports docker_container_processes docker_container_stats
        docker_image_history docker_image_labels docker_image_layers docker_info
        docker_network_labels docker_networks docker_version docker_volume_labels
        docker_volumes extended_attributes intel_me_info interface_ipv6 kernel_keys
        load_average lxd_certificates lxd_cluster lxd_cluster_members lxd_images
        lxd_instance_config lxd_instance_devices lxd_instances lxd_networks
        lxd_storage_pools md_devices md_drives md_personalities
        memory_array_mapped_addresses memory_arrays memory_device_mapped_addresses
        memory_devices memory_error_info memory_map msr oem_strings portage_keywords
        portage_packages portage_use process_open_pipes rpm_package_files
        secureboot_certificates shared_memory ulimit_info
    """,
    "table_other_platform": """
        account_policy_data ad_config alf alf_exceptions alf_explicit_auths app_schemes
        appcompat_shims apps asl authenticode authorization_mechanisms authorizations autoexec
        background_activities_moderator battery bitlocker_info browser_plugins chassis_info
        chocolatey_packages connected_displays connectivity crashes cups_destinations cups_jobs
        default_environment device_firmware disk_events disk_info dns_cache drivers
        es_process_events es_process_file_events event_taps fan_speed_sensors gatekeeper
        gatekeeper_approved_apps homebrew_packages ibridge_info ie_extensions iokit_devicetree
        iokit_registry kernel_extensions kernel_panics keychain_acls keychain_items
        kva_speculative_info launchd launchd_overrides location_services logical_drives
        logon_sessions managed_policies mdfind mdls nfs_shares ntdomains
        ntfs_acl_permissions ntfs_journal_events nvram office_mru package_bom
        package_install_history package_receipts patches physical_disk_performance pipes plist
        power_sensors powershell_events preferences prefetch process_etw_events programs
        quicklook_cache registry running_apps sandboxes scheduled_tasks screenlock
        security_profile_info services shared_folders shared_resources sharing_preferences
        shellbags shimcache signature sip_config smc_keys system_extensions
        temperature_sensors time_machine_backups time_machine_destinations unified_log
        user_interaction_events userassist video_info virtual_memory_info wifi_networks
        wifi_status wifi_survey winbaseobj windows_crashes windows_eventlog windows_events
        windows_firewall_rules windows_optional_features windows_search
        windows_security_center windows_security_products windows_update_history
        wmi_bios_info wmi_cli_event_consumers wmi_event_filters wmi_filter_consumer_binding
        wmi_script_event_consumers xprotect_entries xprotect_meta xprotect_reports
    """,
}

DENIED: Mapping[str, str] = {name: why for why, names in _WHY.items() for name in names.split()}
"""Table name to the code of the reason (`facts.reasons`)."""
