"""Who talks to whom, and who waits for callers: sockets with the processes that hold them."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

_FILES = (
    *("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6"),
    *("raw", "raw6", "icmp", "icmp6", "unix", "packet"),
)
_NAMES = ("igmp", "dev_mcast", "if_inet6")
_NAMESPACES = (
    "/proc",
    "/proc/self/ns/net",
    "/proc/self/ns/pid",
    "/proc/self/ns/user",
    "/proc/self/status",
    "/proc/self/mountinfo",
    "/proc/<pid>/ns/net",
)
_OWNERS = ("/proc/<pid>/fd", "/proc/<pid>/fd/<fd>")
_PRIVILEGE = "CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH"


def _in_each(*names: str) -> tuple[str, ...]:
    """Where a table of the kernel stands: for the own network namespace, and for that of others."""
    return tuple(f"{base}/{name}" for name in names for base in ("/proc/net", "/proc/<pid>/net"))


_SOURCE = (*_in_each(*_FILES), *_NAMESPACES, *_OWNERS)
"""The same for all of them, which are read together."""

_PID = Column(
    "pid",
    Type.INTEGER,
    "持有该套接字的进程号；没有进程持有（属内核或正在关闭）为 -1，看不到持有者为 NULL。",
    "Process that holds the socket; -1 when none does (the kernel's own, or closing), NULL when "
    "its owner could not be seen.",
)
_FD = Column(
    "fd",
    Type.BIGINT,
    "在该进程中的文件描述符；没有进程持有为 -1，看不到为 NULL。",
    "File descriptor in that process; -1 when no process holds it, NULL when not seen.",
)
_SOCKET = Column(
    "socket",
    Type.BIGINT,
    "套接字的 inode 号；进程已将其关闭时为 0。",
    "Inode of the socket; 0 once its process has closed it.",
)
_NET_NAMESPACE = Column(
    "net_namespace",
    Type.TEXT,
    "所在网络命名空间的 inode 号；无权得知时为 NULL。",
    "Inode of its network namespace; NULL where that may not be told.",
)

PROCESS_OPEN_SOCKETS = TableSpec(
    name="process_open_sockets",
    version=1,
    doc=Words(
        "各网络命名空间中的 IPv4、IPv6 套接字及持有它们的进程。",
        "IPv4 and IPv6 sockets of every network namespace, with the processes holding them.",
    ),
    source=_SOURCE,
    privilege=_PRIVILEGE,
    osquery=True,
    notes=Words(
        "多个进程持有同一套接字时记进程号最小的；若其中有 init 进程，则优先记服务进程。UNIX 套接字"
        "通不到主机之外，不列入；AF_PACKET 套接字见 packet_sockets；SCTP 套接字不列入。容器等的网络"
        "命名空间由其中的进程读取；有挂载点或描述符而没有进程的，读不到，此时为 partial。",
        "Of several processes holding a socket the one with the lowest number is named, but a "
        "service before the init process. UNIX sockets are left out, as they reach nothing outside "
        "the host; packet sockets are in packet_sockets; SCTP sockets are left out. A container's "
        "network namespace is read through a process in it; one that only a mount or a descriptor "
        "keeps cannot be read, which makes the table partial.",
    ),
    columns=(
        _PID,
        _FD,
        _SOCKET,
        Column(
            "family",
            Type.INTEGER,
            "地址族：2 为 IPv4，10 为 IPv6。",
            "Address family: 2 is IPv4, 10 is IPv6.",
        ),
        Column(
            "protocol",
            Type.INTEGER,
            "IP 协议号：6 为 TCP，17 为 UDP，136 为 UDP-Lite；255 为原始套接字，其端口是所收的"
            "协议号。",
            "IP protocol number: 6 is TCP, 17 is UDP, 136 is UDP-Lite; 255 is a raw socket, whose "
            "ports are the protocol it takes.",
        ),
        Column(
            "local_address",
            Type.TEXT,
            "本端地址；IPv6 套接字的对端为 IPv4 时写作 ::ffff:192.0.2.1。",
            "Address on this side; an IPv4 peer of an IPv6 socket reads ::ffff:192.0.2.1.",
        ),
        Column(
            "remote_address",
            Type.TEXT,
            "对端地址；未连接时为全零地址（0.0.0.0、::）。",
            "Address on the other side; unspecified (0.0.0.0, ::) when not connected.",
        ),
        Column("local_port", Type.INTEGER, "本端端口。", "Port on this side."),
        Column(
            "remote_port",
            Type.INTEGER,
            "对端端口；未连接时为 0。",
            "Port on the other side; 0 when not connected.",
        ),
        Column(
            "path",
            Type.TEXT,
            "始终为空：接受连接的 UNIX 套接字见 listening_ports。",
            "Always empty: UNIX sockets that accept are in listening_ports.",
        ),
        Column(
            "state",
            Type.TEXT,
            "TCP 状态名，如 LISTEN、ESTABLISHED；其他协议为空。",
            "TCP state by name, such as LISTEN or ESTABLISHED; empty for other protocols.",
        ),
        _NET_NAMESPACE,
    ),
)

LISTENING_PORTS = TableSpec(
    name="listening_ports",
    version=1,
    doc=Words(
        "等待对方访问的套接字：TCP 监听端口、未连接的 UDP 端口、有名的 UNIX 套接字。",
        "Sockets that wait for someone: TCP listeners, unconnected UDP, named UNIX sockets.",
    ),
    source=_SOURCE,
    privilege=_PRIVILEGE,
    osquery=True,
    notes=Words(
        "接受连接或接收数据报的 UNIX 套接字才列出。osquery 还会把每个已接受的连接列在监听者的路径"
        "下，并列出原始套接字；本系统的原始套接字见 process_open_sockets。各网络命名"
        "空间的读法也与该表相同，net_namespace 可区分主机与容器。",
        "A UNIX socket is listed when it accepts connections or takes datagrams; osquery also "
        "lists every accepted connection under its listener's path, and raw sockets, which are in "
        "process_open_sockets. Network namespaces are read as for that table; net_namespace tells "
        "the host's from a container's.",
    ),
    columns=(
        _PID,
        Column("port", Type.INTEGER, "端口；UNIX 套接字为 0。", "Port; 0 for a UNIX socket."),
        Column(
            "protocol",
            Type.INTEGER,
            "IP 协议号：6 为 TCP，17 为 UDP；UNIX 套接字为 0。",
            "IP protocol number: 6 is TCP, 17 is UDP; 0 for a UNIX socket.",
        ),
        Column(
            "family",
            Type.INTEGER,
            "地址族：1 为 UNIX，2 为 IPv4，10 为 IPv6。",
            "Address family: 1 is UNIX, 2 is IPv4, 10 is IPv6.",
        ),
        Column(
            "address",
            Type.TEXT,
            "绑定的地址；0.0.0.0 或 :: 为全部地址；UNIX 套接字为空。",
            "Address it is bound to; 0.0.0.0 or :: for all; empty for a UNIX socket.",
        ),
        _FD,
        _SOCKET,
        Column(
            "path",
            Type.TEXT,
            "UNIX 套接字的路径，抽象名称前加 @；其他套接字为空。",
            "Path of a UNIX socket, @ before an abstract name; else empty.",
        ),
        _NET_NAMESPACE,
    ),
)

PACKET_SOCKETS = TableSpec(
    name="packet_sockets",
    version=1,
    doc=Words(
        "各网络命名空间中的 AF_PACKET 套接字及持有它们的进程；这类套接字绕过协议栈收发链路帧，"
        "抓包程序即用它。",
        "Packet sockets of every network namespace, which take and send frames past the IP stack, "
        "as sniffers do; one row for each process that holds one.",
    ),
    source=(*_SOURCE, *_in_each(*_NAMES), "ip -j link show"),
    privilege=_PRIVILEGE,
    notes=Words(
        "DHCP 客户端、lldpd 等也使用这类套接字。是否因此处于混杂模式见 network_links。",
        "DHCP clients and lldpd use such sockets, too. Whether one made its interface promiscuous "
        "is told by network_links.",
    ),
    columns=(
        _PID,
        _FD,
        _SOCKET,
        Column(
            "type",
            Type.TEXT,
            "raw 带链路层首部，dgram 不带，packet 为旧式。",
            "raw, with the link's header; dgram, without; packet, the old kind.",
        ),
        Column(
            "protocol",
            Type.INTEGER,
            "所收帧的以太网类型号，如 2048 为 IPv4；3 为全部；0 为不接收。",
            "Ethernet type of the frames it takes, such as 2048 for IPv4; 3 for all, 0 for none.",
        ),
        Column(
            "interface",
            Type.TEXT,
            "绑定的网络接口；空为全部接口，名称无从得知时为 NULL。",
            "Interface it is bound to; empty for all, NULL when its name is not told.",
        ),
        Column("uid", Type.BIGINT, "创建者的用户号。", "User that made it."),
        _NET_NAMESPACE,
    ),
)

TABLES: tuple[TableSpec, ...] = (PROCESS_OPEN_SOCKETS, LISTENING_PORTS, PACKET_SOCKETS)
