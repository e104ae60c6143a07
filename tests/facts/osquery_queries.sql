-- What people ask osquery about Linux servers, in their manner and our words. A line of comment
-- says what is wanted; "refused CODE:" before it says that this program does not answer, and why.

-- the accounts that can log in
SELECT username, uid, gid, directory, shell FROM users WHERE shell NOT LIKE '%nologin' AND shell NOT LIKE '%/false';

-- everyone with the rights of root
SELECT * FROM users WHERE uid = 0 AND username <> 'root';

-- two accounts of one number
SELECT uid, count(*) AS accounts, group_concat(username, ', ') AS names FROM users GROUP BY uid HAVING accounts > 1;

-- who may become administrator by a group
SELECT u.username, g.groupname FROM users u JOIN user_groups ug ON u.uid = ug.uid JOIN groups g ON g.gid = ug.gid WHERE g.groupname IN ('sudo', 'wheel', 'adm', 'root', 'docker');

-- the groups nobody is in
SELECT g.groupname FROM groups g LEFT JOIN user_groups ug USING (gid) WHERE ug.uid IS NULL;

-- accounts of people
SELECT * FROM users WHERE uid >= 1000 AND uid < 60000 ORDER BY uid;

-- accounts without a password
SELECT username, password_status FROM shadow WHERE password_status = 'empty';

-- passwords hashed in an old way
SELECT username, hash_alg FROM shadow WHERE hash_alg NOT IN ('6', 'y', '2b') AND password_status = 'active';

-- passwords that never expire
SELECT s.username, s.max, s.last_change, u.uid FROM shadow s JOIN users u USING (username) WHERE s.max = 99999 OR s.max IS NULL;

-- passwords older than ninety days
SELECT username, date(last_change * 86400, 'unixepoch') AS changed FROM shadow WHERE last_change > 0 AND (strftime('%s', 'now') / 86400) - last_change > 90;

-- the directory of each account, and whether others may write to it
SELECT u.username, f.path, f.mode FROM users u JOIN file f ON f.path = u.directory WHERE u.uid >= 1000;

-- who is logged in now
SELECT type, user, tty, host, datetime(time, 'unixepoch') AS since, pid FROM logged_in_users WHERE type = 'user';

-- what each person who is logged in runs
SELECT l.user, l.host, p.name, p.cmdline FROM logged_in_users l JOIN processes p ON p.pid = l.pid;

-- logins of the last day
SELECT username, tty, host, type_name, datetime(time, 'unixepoch') AS at FROM last WHERE time > unixepoch('now') - 86400 ORDER BY time DESC;

-- how often each account logged in
SELECT username, count(*) AS logins, max(time) AS latest FROM last WHERE type_name = 'user-process' GROUP BY username ORDER BY logins DESC LIMIT 10;

-- rules of sudo that ask for no password
SELECT source, header, rule_details FROM sudoers WHERE rule_details LIKE '%NOPASSWD%';

-- all rules of sudo
SELECT * FROM sudoers;

-- keys that open accounts
SELECT u.username, k.algorithm, k.key_file, k.comment FROM users u CROSS JOIN authorized_keys k USING (uid);

-- old kinds of keys
SELECT uid, algorithm, key_file FROM authorized_keys WHERE algorithm IN ('ssh-dss', 'ssh-rsa');

-- how people connect onwards
SELECT * FROM users CROSS JOIN ssh_configs USING (uid);

-- configured agents forwarding
SELECT uid, block, option FROM ssh_configs WHERE lower(option) LIKE 'forwardagent%yes';

-- what is listening, and the program behind it
SELECT DISTINCT p.name, p.path, l.port, l.protocol, l.address FROM listening_ports l JOIN processes p USING (pid) WHERE l.address <> '127.0.0.1' AND l.address <> '::1' AND l.port <> 0;

-- programs that listen on every address
SELECT p.pid, p.name, l.port, l.address FROM processes AS p JOIN listening_ports AS l ON p.pid = l.pid WHERE l.address IN ('0.0.0.0', '::') ORDER BY l.port;

-- listeners on other than the usual ports
SELECT port, protocol, address, pid FROM listening_ports WHERE port NOT IN (0, 22, 53, 80, 123, 443) AND family = 2;

-- how many sockets each protocol has
SELECT protocol, family, count(*) AS n FROM listening_ports GROUP BY protocol, family;

-- connections to the outside
SELECT DISTINCT s.remote_address, s.remote_port, p.name, p.path FROM process_open_sockets s JOIN processes p USING (pid) WHERE s.remote_address NOT IN ('', '0.0.0.0', '::', '127.0.0.1', '::1') AND s.state = 'ESTABLISHED';

-- connections out of the private ranges
SELECT pid, remote_address, remote_port FROM process_open_sockets WHERE family = 2 AND remote_address <> '' AND in_cidr_block('10.0.0.0/8', remote_address) = 0 AND in_cidr_block('172.16.0.0/12', remote_address) = 0 AND in_cidr_block('192.168.0.0/16', remote_address) = 0;

-- shells that hold a network connection
SELECT p.pid, p.name, p.cmdline, s.remote_address, s.remote_port FROM processes p JOIN process_open_sockets s ON p.pid = s.pid WHERE p.name IN ('sh', 'bash', 'dash', 'zsh', 'nc', 'ncat', 'socat') AND s.remote_port > 0;

-- listeners by the name of their service
SELECT l.port, e.name, e.comment FROM listening_ports l LEFT JOIN etc_services e ON e.port = l.port AND e.protocol = 'tcp' WHERE l.protocol = 6;

-- programs whose file is gone
SELECT pid, name, path, cmdline, uid FROM processes WHERE on_disk = 0;

-- programs started from where anyone may write
SELECT * FROM processes WHERE path LIKE '/tmp/%' OR path LIKE '/var/tmp/%' OR path LIKE '/dev/shm/%';

-- what uses most memory
SELECT pid, name, round(resident_size / 1048576.0, 1) AS mib FROM processes ORDER BY resident_size DESC LIMIT 10;

-- what used most processor time
SELECT pid, uid, name, user_time + system_time AS ms FROM processes ORDER BY ms DESC LIMIT 5;

-- processes and their parents
SELECT p.pid, p.name, parent.pid AS parent_pid, parent.name AS parent_name FROM processes p LEFT JOIN processes parent ON p.parent = parent.pid;

-- the tree below the first process
WITH RECURSIVE tree(pid, name, depth) AS (SELECT pid, name, 0 FROM processes WHERE pid = 1 UNION ALL SELECT p.pid, p.name, t.depth + 1 FROM processes p JOIN tree t ON p.parent = t.pid) SELECT * FROM tree ORDER BY depth, pid;

-- processes of root that a person started
SELECT p.name, p.path, p.euid, p.uid FROM processes p WHERE p.euid = 0 AND p.uid <> 0;

-- how many processes each account runs
SELECT u.username, count(*) AS n FROM processes p JOIN users u ON u.uid = p.uid GROUP BY u.uid ORDER BY n DESC;

-- names that hide as kernel threads
SELECT pid, name, cmdline, path FROM processes WHERE name LIKE '[%' AND parent <> 2;

-- processes that started within the hour
SELECT pid, name, datetime(start_time, 'unixepoch') AS started FROM processes WHERE start_time > (SELECT unix_time - 3600 FROM time);

-- the digest of every running program
SELECT DISTINCT p.path, h.sha256 FROM processes p JOIN hash h ON h.path = p.path WHERE p.path <> '';

-- the running programs that root does not own
SELECT DISTINCT p.path, f.uid, f.mode FROM processes AS p JOIN file AS f ON f.path = p.path WHERE f.uid <> 0;

-- programs with their files and digests
SELECT p.name, f.size, f.mtime, h.md5 FROM processes p JOIN file f ON f.path = p.path JOIN hash h USING (path) WHERE p.uid = 0;

-- programs in a namespace of their own
SELECT p.pid, p.name, n.mnt_namespace FROM processes p JOIN process_namespaces n USING (pid) WHERE n.mnt_namespace <> (SELECT mnt_namespace FROM process_namespaces WHERE pid = 1);

-- devices that processes hold open
SELECT p.name, o.path FROM process_open_files o JOIN processes p USING (pid) WHERE o.path LIKE '/dev/%';

-- zombies
SELECT pid, name, parent FROM processes WHERE state = 'Z';

-- processes that other platforms would call elevated
SELECT pid, name, elevated_token FROM processes WHERE uid = 0;

-- what the machine is
SELECT hostname, uuid, cpu_brand, cpu_logical_cores, physical_memory, hardware_vendor, hardware_model, hardware_serial FROM system_info;

-- the system that runs
SELECT name, version, major, minor, patch, platform, platform_like, codename, arch FROM os_version;

-- the kernel that runs, and how it was started
SELECT version, arguments, path, device FROM kernel_info;

-- the kernel without its protections
SELECT arguments FROM kernel_info WHERE arguments LIKE '%nokaslr%' OR arguments LIKE '%mitigations=off%' OR arguments LIKE '%selinux=0%' OR arguments LIKE '%apparmor=0%';

-- whether the kernel is older than it should be
SELECT version, version_compare(version, '<', '5.10') AS old FROM kernel_info;

-- how long the machine has been up
SELECT days, hours, minutes, total_seconds FROM uptime;

-- when it was started
SELECT datetime(t.unix_time - u.total_seconds, 'unixepoch') AS booted FROM time t, uptime u;

-- the time here
SELECT unix_time, timestamp, timezone, iso_8601 FROM time;

-- the firmware
SELECT vendor, version, date, firmware_type FROM platform_info;

-- whether the firmware checks what it starts
SELECT secure_boot, setup_mode FROM secureboot;

-- what the firmware says of the board
SELECT type, description, md5 FROM smbios_tables WHERE type IN (0, 1, 2, 3);

-- tables of the firmware
SELECT name, size, md5 FROM acpi_tables;

-- what the processor can
SELECT feature, value FROM cpuid WHERE feature IN ('vendor', 'hypervisor', 'vmx', 'aes');

-- memory that is left
SELECT memory_total, memory_free, buffers, cached, swap_total, swap_free, (memory_total - memory_free) * 100 / memory_total AS used FROM memory_info;

-- everything on the PCI bus
SELECT pci_slot, driver, vendor, model, vendor_id, model_id FROM pci_devices;

-- network cards
SELECT pci_slot, vendor, model, driver FROM pci_devices WHERE pci_class LIKE '%network%' OR pci_class_id = '0x02';

-- everything on the USB
SELECT vendor, model, vendor_id, model_id, serial, removable FROM usb_devices;

-- removable USB devices but hubs
SELECT * FROM usb_devices WHERE removable = 1 AND class <> '09';

-- storage
SELECT name, vendor, model, size * block_size / 1073741824 AS gib, type, label FROM block_devices WHERE parent = '';

-- partitions of each disk
SELECT d.name AS disk, p.name AS part, p.type, p.uuid FROM block_devices d JOIN block_devices p ON p.parent = d.name;

-- disks in clear
SELECT b.name, e.encrypted, e.type, e.encryption_status FROM block_devices b LEFT JOIN disk_encryption e ON e.name = b.name WHERE e.encrypted = 0 OR e.encrypted IS NULL;

-- the root filesystem's encryption
SELECT m.device, m.path, e.encrypted FROM mounts m LEFT JOIN disk_encryption e ON e.name = m.device WHERE m.path = '/';

-- what came and went
SELECT action, type, vendor, model, serial, datetime(time, 'unixepoch') AS at FROM hardware_events WHERE action = 'add';

-- what is mounted
SELECT device, path, type, flags FROM mounts WHERE type NOT IN ('proc', 'sysfs', 'cgroup2', 'devpts', 'tmpfs');

-- where anyone may write and run
SELECT path, type, flags FROM mounts WHERE path IN ('/tmp', '/var/tmp', '/dev/shm') AND flags NOT LIKE '%noexec%';

-- filesystems that are nearly full
SELECT path, device, round(100.0 * (blocks - blocks_available) / blocks, 1) AS used FROM mounts WHERE blocks > 0 AND 100 * blocks_available / blocks < 10;

-- network filesystems
SELECT device, path, type FROM mounts WHERE type IN ('nfs', 'nfs4', 'cifs', 'smb3', 'fuse.sshfs');

-- modules of the kernel
SELECT name, size, used_by, status FROM kernel_modules WHERE status = 'Live';

-- modules for media and rare protocols
SELECT name FROM kernel_modules WHERE name IN ('usb_storage', 'uas', 'firewire_core', 'dccp', 'sctp', 'rds', 'tipc', 'cramfs', 'squashfs', 'udf');

-- forwarding
SELECT name, current_value, config_value FROM system_controls WHERE name IN ('net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding');

-- settings of the kernel that protect
SELECT name, current_value FROM system_controls WHERE (name = 'kernel.randomize_va_space' AND current_value <> '2') OR (name = 'kernel.kptr_restrict' AND current_value = '0') OR (name = 'kernel.dmesg_restrict' AND current_value = '0');

-- redirects and source routes
SELECT * FROM system_controls WHERE subsystem = 'net' AND (name LIKE '%accept_redirects' OR name LIKE '%accept_source_route');

-- settings not as configured
SELECT name, current_value, config_value FROM system_controls WHERE config_value <> '' AND config_value <> current_value;

-- cards, their addresses and numbers
SELECT d.interface, d.mac, a.address, a.mask FROM interface_details d JOIN interface_addresses a ON a.interface = d.interface WHERE d.interface <> 'lo';

-- addresses of this machine but its own
SELECT interface, address, mask, broadcast FROM interface_addresses WHERE address NOT LIKE '127.%' AND address NOT IN ('::1');

-- cards with errors
SELECT interface, ierrors, oerrors, idrops, odrops FROM interface_details WHERE ierrors + oerrors > 0;

-- traffic of each card
SELECT interface, ibytes, obytes, ipackets, opackets, mtu FROM interface_details ORDER BY ibytes DESC;

-- cards that listen to everything
SELECT interface, flags FROM interface_details WHERE (flags & 256) <> 0;

-- cards with what other platforms call a friendly name
SELECT interface, friendly_name, dhcp_enabled FROM interface_details;

-- the way out
SELECT gateway, interface, metric FROM routes WHERE destination = '0.0.0.0' AND netmask = 0;

-- all routes
SELECT destination, netmask, gateway, source, flags, interface, mtu, metric, type FROM routes WHERE type <> 'local';

-- neighbours
SELECT address, mac, interface, permanent FROM arp_cache;

-- two addresses behind one card
SELECT mac, count(*) AS n, group_concat(address) AS addresses FROM arp_cache GROUP BY mac HAVING n > 1;

-- names fixed by hand
SELECT address, hostnames FROM etc_hosts WHERE address NOT IN ('127.0.0.1', '::1') AND hostnames NOT LIKE '%localhost%';

-- who resolves names
SELECT id, type, address, netmask, options FROM dns_resolvers WHERE type = 'nameserver';

-- whether names are asked of a public service
SELECT address FROM dns_resolvers WHERE type = 'nameserver' AND address IN ('8.8.8.8', '8.8.4.4', '1.1.1.1', '9.9.9.9', '114.114.114.114');

-- protocols
SELECT name, number, alias FROM etc_protocols WHERE number IN (1, 6, 17);

-- services below 1024
SELECT name, port, protocol, aliases FROM etc_services WHERE port < 1024 ORDER BY CAST(port AS INTEGER);

-- rules of the packet filter
SELECT filter_name, chain, policy, target, protocol, src_ip, src_mask, dst_ip, dst_mask, iniface, outiface FROM iptables;

-- chains that let everything through
SELECT DISTINCT filter_name, chain, policy FROM iptables WHERE chain IN ('INPUT', 'FORWARD') AND policy = 'ACCEPT';

-- what runs by the clock
SELECT event, minute, hour, day_of_month, month, day_of_week, command, path FROM crontab;

-- what runs by the clock and fetches something
SELECT command, path FROM crontab WHERE command LIKE '%curl %' OR command LIKE '%wget %' OR command LIKE '%base64%' OR command LIKE '%/tmp/%';

-- what starts with the machine
SELECT name, path, args, type, source, status, username FROM startup_items;

-- what starts with the machine, and from a strange place
SELECT name, path, source FROM startup_items WHERE path LIKE '/tmp/%' OR path LIKE '/home/%' OR source LIKE '/home/%';

-- services that run
SELECT id, description, load_state, active_state, sub_state, fragment_path, user FROM systemd_units WHERE active_state = 'active' AND id LIKE '%.service';

-- services that failed
SELECT id, description FROM systemd_units WHERE active_state = 'failed';

-- services that start with the machine
SELECT id, unit_file_state, fragment_path FROM systemd_units WHERE unit_file_state = 'enabled' AND id LIKE '%.service';

-- units that were changed by hand
SELECT u.id, u.fragment_path, datetime(f.mtime, 'unixepoch') AS changed FROM systemd_units u JOIN file f ON f.path = u.fragment_path WHERE u.fragment_path LIKE '/etc/systemd/%';

-- whether the audit and the firewall run
SELECT id, active_state FROM systemd_units WHERE id IN ('auditd.service', 'firewalld.service', 'nftables.service', 'ufw.service', 'rsyslog.service');

-- timers
SELECT id, active_state, source_path FROM systemd_units WHERE id LIKE '%.timer';

-- packages of Debian
SELECT name, version, arch, source, revision, status, maintainer FROM deb_packages WHERE status = 'install ok installed';

-- packages of one name
SELECT name, version FROM deb_packages WHERE name IN ('openssl', 'openssh-server', 'sudo', 'bash', 'libc6');

-- packages older than a version
SELECT name, version FROM deb_packages WHERE name = 'openssl' AND version_compare(version, '<', '3.0.0', 1, 1) = 1;

-- the largest packages
SELECT name, CAST(size AS INTEGER) AS kib FROM deb_packages ORDER BY kib DESC LIMIT 20;

-- packages of rpm
SELECT name, version, release, arch, epoch, vendor, datetime(install_time, 'unixepoch') AS installed FROM rpm_packages ORDER BY install_time DESC LIMIT 50;

-- packages of either kind
SELECT name, version, 'deb' AS kind FROM deb_packages UNION ALL SELECT name, version, 'rpm' FROM rpm_packages;

-- tools of attackers
SELECT name, version FROM deb_packages WHERE name IN ('nmap', 'hydra', 'john', 'aircrack-ng', 'tcpdump', 'netcat-traditional', 'telnet');

-- packages of Python
SELECT name, version, path FROM python_packages WHERE name LIKE 'crypt%' OR name IN ('requests', 'urllib3', 'setuptools');

-- packages of Node
SELECT name, version, path FROM npm_packages;

-- where packages of Debian come from
SELECT name, source, base_uri, release, components FROM apt_sources;

-- sources without encryption
SELECT name, base_uri FROM apt_sources WHERE base_uri LIKE 'http://%';

-- where packages of rpm come from
SELECT name, baseurl, enabled, gpgcheck, gpgkey FROM yum_sources WHERE enabled = '1' AND gpgcheck <> '1';

-- programs that run as somebody else
SELECT path, username, groupname, permissions FROM suid_bin;

-- programs that run as root and do not belong to a usual directory
SELECT path, username, permissions FROM suid_bin WHERE path NOT LIKE '/usr/%' AND path NOT LIKE '/bin/%' AND path NOT LIKE '/sbin/%';

-- containers
SELECT id, name, image, image_id, command, created, state, status, pid FROM docker_containers;

-- privileged containers
SELECT id, name, image FROM docker_containers WHERE privileged = 1;

-- what containers see of the host
SELECT c.name, m.source, m.destination, m.mode, m.rw FROM docker_containers c JOIN docker_container_mounts m ON m.id = c.id WHERE m.source IN ('/', '/etc', '/var/run/docker.sock');

-- images
SELECT id, datetime(created, 'unixepoch') AS made, size_bytes, tags FROM docker_images;

-- SELinux
SELECT scope, key, value FROM selinux_settings WHERE scope = 'global' OR key = 'enforce';

-- permissions of the files of accounts
SELECT path, uid, gid, mode, datetime(mtime, 'unixepoch') AS changed FROM file WHERE path IN ('/etc/passwd', '/etc/shadow', '/etc/group', '/etc/gshadow', '/etc/sudoers');

-- configuration of the SSH server
SELECT path, mode, uid FROM file WHERE path = '/etc/ssh/sshd_config' OR path LIKE '/etc/ssh/sshd_config.d/%';

-- private keys of the machine
SELECT path, mode FROM file WHERE path LIKE '/etc/ssh/ssh_host_%_key' AND mode <> '0600';

-- what is in a directory
SELECT filename, type, size, mode FROM file WHERE directory = '/etc/cron.d';

-- what is in a directory, spelled with a slash
SELECT filename FROM file WHERE directory = '/etc/init.d/';

-- everything that runs by the clock, as files
SELECT path, uid, mode, mtime FROM file WHERE path LIKE '/etc/cron%/%' AND type = 'regular';

-- what changed below a directory this week
SELECT path, datetime(mtime, 'unixepoch') AS changed FROM file WHERE path LIKE '/etc/ssh/%%' AND mtime > unixepoch('now', '-7 days');

-- files anyone may write to
SELECT path, mode FROM file WHERE path LIKE '/etc/%' AND type = 'regular' AND substr(mode, 4, 1) IN ('2', '3', '6', '7');

-- links and where they lead
SELECT path, symlink_target_path FROM file WHERE directory = '/etc/alternatives' AND symlink = 1;

-- digests of some programs
SELECT path, md5, sha1, sha256 FROM hash WHERE path IN ('/bin/ls', '/bin/ps', '/usr/bin/ssh', '/usr/sbin/sshd');

-- digests of a directory
SELECT path, sha256 FROM hash WHERE directory = '/etc/cron.d';

-- digests by pattern
SELECT path, sha256 FROM hash WHERE path LIKE '/etc/ssh/%.pub';

-- files with their digests
SELECT f.path, f.mtime, f.size, h.sha256 FROM file f LEFT JOIN hash h ON f.path = h.path WHERE f.path LIKE '/etc/pam.d/%';

-- digests of the units that are enabled
SELECT u.id, h.sha256 FROM systemd_units u JOIN hash h ON h.path = u.fragment_path WHERE u.unit_file_state = 'enabled';

-- places where backdoors were found
SELECT path FROM file WHERE path IN ('/dev/ptyp', '/dev/tux', '/usr/lib/libpikapp.a', '/etc/ld.so.hash', '/usr/include/gpm2.h', '/dev/hda06');

-- libraries that are loaded into everything
SELECT path, size, h.sha256 FROM file JOIN hash h USING (path) WHERE path = '/etc/ld.so.preload' AND size > 0;

-- sockets and pipes where programs should be
SELECT path, type FROM file WHERE directory IN ('/usr/local/bin', '/usr/local/sbin') AND type NOT IN ('regular', 'directory', 'symlink');

-- keys below people's directories
SELECT path FROM file WHERE path LIKE '/home/%/.ssh/authorized_keys';

-- the columns that files have elsewhere
SELECT path, attributes, bsd_flags FROM file WHERE path = '/etc/hosts';

-- the number of an address
SELECT address, inet_aton(address) AS number FROM interface_addresses WHERE address LIKE '%.%.%.%';

-- the part of a name
SELECT id, split(id, '.', 1) AS kind, count(*) AS n FROM systemd_units GROUP BY kind;

-- the part of a text
SELECT path, regex_match(path, '/([^/]+)$', 1) AS name FROM processes WHERE path <> '' GROUP BY path;

-- a label made of parts
SELECT concat(username, ':', uid) AS label, upper(shell) AS shell FROM users LIMIT 3;

-- an answer by cases
SELECT name, CASE WHEN resident_size > 1073741824 THEN 'large' WHEN resident_size > 104857600 THEN 'middle' ELSE 'small' END AS class FROM processes;

-- the largest of each
SELECT name, uid, resident_size FROM (SELECT *, row_number() OVER (PARTITION BY uid ORDER BY resident_size DESC) AS place FROM processes) WHERE place = 1;

-- accounts in one table and not in the other
SELECT username FROM users EXCEPT SELECT username FROM shadow;

-- everything of a container host at once
WITH hosts AS (SELECT pid, name FROM processes WHERE name IN ('dockerd', 'containerd', 'podman', 'kubelet', 'crio')) SELECT h.name, l.port, l.address FROM hosts h LEFT JOIN listening_ports l USING (pid);

-- whether at least one of them is installed
SELECT 1 FROM deb_packages WHERE name = 'auditd' UNION SELECT 1 FROM rpm_packages WHERE name = 'audit' LIMIT 1;

-- certificates that expire within thirty days
SELECT common_name, issuer, path, datetime(not_valid_after, 'unixepoch') AS until FROM certificates WHERE not_valid_after < unixepoch('now', '+30 days');

-- certificates that vouch for themselves
SELECT common_name, subject, path, self_signed, ca FROM certificates WHERE self_signed = 1 AND ca = 0;

-- weak certificates
SELECT common_name, key_algorithm, key_strength, signing_algorithm FROM certificates WHERE signing_algorithm LIKE '%sha1%' OR (key_algorithm LIKE 'rsa%' AND key_strength < 2048);

-- what a file is
SELECT path, data, mime_type FROM magic WHERE path = '/bin/ls';

-- what the running programs are
SELECT DISTINCT p.name, m.data FROM processes p JOIN magic m ON m.path = p.path WHERE p.uid = 0;

-- refused table_denied_private: what people typed
SELECT uid, command FROM shell_history;

-- refused table_denied_private: variables of processes
SELECT pid, key, value FROM process_envs WHERE key = 'LD_PRELOAD';

-- refused table_denied_tracing: every process that was started
SELECT pid, path, cmdline, time FROM process_events;

-- refused table_of_osquery: the version of the agent
SELECT version, build_platform, start_time FROM osquery_info;

-- refused table_not_offered: how busy the machine is
SELECT period, average FROM load_average;

-- refused function_refused: numbers made readable
SELECT name, printf('%.2f', resident_size / 1048576.0) AS mib FROM processes;

-- refused localtime_refused: the time as a clock here shows it
SELECT datetime('now', 'localtime') AS here;

-- refused constraint_missing: every file there is
SELECT path, size FROM file WHERE size > 1073741824;
