"""Who talks to whom, and who waits for callers: sockets with the processes that hold them."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

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
    "网络命名空间的 inode 号，即客户端自身所在的那个。",
    "Inode of the network namespace, which is the agent's own.",
)

PROCESS_OPEN_SOCKETS = TableSpec(
    name="process_open_sockets",
    version=1,
    doc=Words(
        "客户端所在网络命名空间中的 IPv4、IPv6 套接字及持有它们的进程。",
        "IPv4 and IPv6 sockets of the agent's network namespace, with the processes holding them.",
    ),
    source=(*_LISTENERS, *_OTHERS, *_OWNERS),
    privilege=_PRIVILEGE,
    osquery=True,
    notes=Words(
        "多个进程持有同一套接字时记进程号最小的；若其中有 init 进程，则优先记服务进程。UNIX 套接字"
        "通不到主机之外，不列入；AF_PACKET 和 SCTP 套接字也不列入。不进入容器的网络命名空间。",
        "Of several processes holding a socket the one with the lowest number is named, but a "
        "service before the init process. UNIX sockets are left out, as they reach nothing outside "
        "the host, and so are packet and SCTP sockets. Containers' network namespaces are not "
        "entered.",
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
    source=(*_LISTENERS, "/proc/net/unix", *_OWNERS),
    privilege=_PRIVILEGE,
    osquery=True,
    notes=Words(
        "接受连接或接收数据报的 UNIX 套接字才列出。osquery 还会把每个已接受的连接列在监听者的路径"
        "下，并列出原始套接字；本系统的原始套接字见 process_open_sockets。不进入容器的网络"
        "命名空间。",
        "A UNIX socket is listed when it accepts connections or takes datagrams; osquery also "
        "lists every accepted connection under its listener's path, and raw sockets, which are in "
        "process_open_sockets. Containers' network namespaces are not entered.",
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

TABLES: tuple[TableSpec, ...] = (PROCESS_OPEN_SOCKETS, LISTENING_PORTS)
