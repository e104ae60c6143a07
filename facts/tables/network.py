"""What the host is connected to: sockets, interfaces, addresses, routes."""

from facts.spec import Column, TableSpec, Type

_LISTENERS = (
    "/proc/net/tcp",
    "/proc/net/tcp6",
    "/proc/net/udp",
    "/proc/net/udp6",
    "/proc/net/udplite",
    "/proc/net/udplite6",
)
_OTHERS = ("/proc/net/raw", "/proc/net/raw6", "/proc/net/icmp", "/proc/net/icmp6")
_OWNERS = ("/proc/<pid>/fd", "/proc/self/ns/net")
_PRIVILEGE = "CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH"

_PID = Column(
    "pid",
    Type.INTEGER,
    "Process that holds the socket; -1 when none does (the kernel's own, or closing), NULL when "
    "its owner could not be seen.",
)
_FD = Column(
    "fd",
    Type.BIGINT,
    "File descriptor in that process; -1 when no process holds it, NULL when not seen.",
)
_SOCKET = Column("socket", Type.BIGINT, "Inode of the socket; 0 once its process has closed it.")
_NET_NAMESPACE = Column(
    "net_namespace", Type.TEXT, "Inode of the network namespace, which is the agent's own."
)

PROCESS_OPEN_SOCKETS = TableSpec(
    name="process_open_sockets",
    version=1,
    doc="IPv4 and IPv6 sockets of the agent's network namespace, with the processes holding them.",
    columns=(
        _PID,
        _FD,
        _SOCKET,
        Column("family", Type.INTEGER, "Address family: 2 is IPv4, 10 is IPv6."),
        Column(
            "protocol",
            Type.INTEGER,
            "IP protocol number: 6 is TCP, 17 is UDP, 136 is UDP-Lite; 255 is a raw socket, whose "
            "ports are the protocol it takes.",
        ),
        Column(
            "local_address",
            Type.TEXT,
            "Address on this side; an IPv4 peer of an IPv6 socket reads ::ffff:192.0.2.1.",
        ),
        Column(
            "remote_address",
            Type.TEXT,
            "Address on the other side; unspecified (0.0.0.0, ::) when not connected.",
        ),
        Column("local_port", Type.INTEGER, "Port on this side."),
        Column("remote_port", Type.INTEGER, "Port on the other side; 0 when not connected."),
        Column("path", Type.TEXT, "Always empty: UNIX sockets that accept are in listening_ports."),
        Column(
            "state",
            Type.TEXT,
            "TCP state by name, such as LISTEN or ESTABLISHED; empty for other protocols.",
        ),
        _NET_NAMESPACE,
    ),
    source=(*_LISTENERS, *_OTHERS, *_OWNERS),
    privilege=_PRIVILEGE,
    osquery=True,
    notes=(
        "Of several processes holding a socket the one with the lowest number is named, but a "
        "service before the init process. UNIX sockets are left out, as they reach nothing outside "
        "the host, and so are packet and SCTP sockets. Containers' network namespaces are not "
        "entered."
    ),
)

LISTENING_PORTS = TableSpec(
    name="listening_ports",
    version=1,
    doc="Sockets that wait for someone: TCP listeners, unconnected UDP, named UNIX sockets.",
    columns=(
        _PID,
        Column("port", Type.INTEGER, "Port; 0 for a UNIX socket."),
        Column(
            "protocol",
            Type.INTEGER,
            "IP protocol number: 6 is TCP, 17 is UDP; 0 for a UNIX socket.",
        ),
        Column("family", Type.INTEGER, "Address family: 1 is UNIX, 2 is IPv4, 10 is IPv6."),
        Column(
            "address",
            Type.TEXT,
            "Address it is bound to; 0.0.0.0 or :: for all; empty for a UNIX socket.",
        ),
        _FD,
        _SOCKET,
        Column("path", Type.TEXT, "Path of a UNIX socket, @ before an abstract name; else empty."),
        _NET_NAMESPACE,
    ),
    source=(*_LISTENERS, "/proc/net/unix", *_OWNERS),
    privilege=_PRIVILEGE,
    osquery=True,
    notes=(
        "A UNIX socket is listed when it accepts connections or takes datagrams; osquery also "
        "lists every accepted connection under its listener's path, and raw sockets, which are in "
        "process_open_sockets. Containers' network namespaces are not entered."
    ),
)

INTERFACE_ADDRESSES = TableSpec(
    name="interface_addresses",
    version=1,
    doc="Addresses of the network interfaces, IPv4 and IPv6.",
    columns=(
        Column("interface", Type.TEXT, "Interface name."),
        Column("address", Type.TEXT, "Address of this host."),
        Column("mask", Type.TEXT, "Netmask in the notation of the address."),
        Column("broadcast", Type.TEXT, "Broadcast address; empty when there is none."),
        Column(
            "point_to_point",
            Type.TEXT,
            "Address of the peer on a point-to-point link; empty when there is none.",
        ),
        Column(
            "type",
            Type.TEXT,
            "dhcp (leased), auto (link-local, or from router advertisements), manual otherwise.",
        ),
    ),
    source=("ip -j address show",),
    osquery=True,
    notes="type is told by the kernel's flags and lifetimes, where osquery says unknown on Linux.",
)

INTERFACE_DETAILS = TableSpec(
    name="interface_details",
    version=1,
    doc="Network interfaces with their state, hardware address and counters.",
    columns=(
        Column("interface", Type.TEXT, "Interface name."),
        Column(
            "mac", Type.TEXT, "Hardware address, lower case with colons; empty when there is none."
        ),
        Column(
            "type",
            Type.INTEGER,
            "Hardware type (ARPHRD): 1 is Ethernet, 772 loopback, 801 802.11, 65534 none "
            "(tunnels).",
        ),
        Column("mtu", Type.INTEGER, "Largest packet, in bytes."),
        Column("metric", Type.INTEGER, "Always 0: Linux keeps metrics with routes."),
        Column(
            "flags",
            Type.INTEGER,
            "Interface flags: 0x1 up, 0x8 loopback, 0x40 running, 0x100 promiscuous.",
        ),
        Column("ipackets", Type.BIGINT, "Packets received."),
        Column("opackets", Type.BIGINT, "Packets sent."),
        Column("ibytes", Type.BIGINT, "Bytes received."),
        Column("obytes", Type.BIGINT, "Bytes sent."),
        Column("ierrors", Type.BIGINT, "Receive errors."),
        Column("oerrors", Type.BIGINT, "Send errors."),
        Column("idrops", Type.BIGINT, "Received packets dropped."),
        Column("odrops", Type.BIGINT, "Packets to be sent, but dropped."),
        Column("collisions", Type.BIGINT, "Collisions."),
        Column("last_change", Type.BIGINT, "Always -1: Linux does not keep it."),
        Column("link_speed", Type.BIGINT, "Speed in Mb/s; 0 when not known or not linked."),
        Column("pci_slot", Type.TEXT, "PCI address of the adapter; empty when it is not on PCI."),
    ),
    source=(
        "ip -j -s -d link show",
        "/sys/class/net/<interface>/speed",
        "/sys/class/net/<interface>/device",
    ),
    osquery=True,
    notes="Promiscuous mode set by any means counts, also when only a packet socket asked for it.",
)

ROUTES = TableSpec(
    name="routes",
    version=1,
    doc="Routes of every routing table, IPv4 and IPv6; one row for each next hop.",
    columns=(
        Column(
            "destination", Type.TEXT, "Network; 0.0.0.0 or :: with netmask 0 is the default route."
        ),
        Column("netmask", Type.INTEGER, "Prefix length in bits."),
        Column(
            "gateway", Type.TEXT, "Next hop, which may be of the other family; empty when on link."
        ),
        Column("source", Type.TEXT, "Preferred source address; empty when none is set."),
        Column("flags", Type.INTEGER, "Flags of the route and its next hop (RTM_F_*, RTNH_F_*)."),
        Column(
            "interface", Type.TEXT, "Outgoing interface; empty when the route drops or refuses."
        ),
        Column("mtu", Type.INTEGER, "MTU of the route; 0 when none is set."),
        Column("metric", Type.INTEGER, "Priority, the lowest is preferred."),
        Column(
            "type",
            Type.TEXT,
            "gateway (any unicast), local, broadcast, anycast, multicast, blackhole, "
            "unreachable, prohibit, throw, nat, or other.",
        ),
        Column("hopcount", Type.INTEGER, "Hop limit of the route; 0 when none is set."),
    ),
    source=("ip -j -d route show table all", "ip -j -d -6 route show table all"),
    osquery=True,
    notes="A default route in a table that only a routing rule reaches is listed too.",
)

TABLES: tuple[TableSpec, ...] = (
    PROCESS_OPEN_SOCKETS,
    LISTENING_PORTS,
    INTERFACE_ADDRESSES,
    INTERFACE_DETAILS,
    ROUTES,
)
