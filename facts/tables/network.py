"""What the host is connected to: interfaces, addresses, routes."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

_INTERFACE = Column("interface", Type.TEXT, "网络接口名。", "Interface name.")

INTERFACE_ADDRESSES = TableSpec(
    name="interface_addresses",
    version=1,
    doc=Words(
        "各网络接口的 IPv4、IPv6 地址。",
        "Addresses of the network interfaces, IPv4 and IPv6.",
    ),
    source=("ip -j address show", "ip -j link show"),
    osquery=True,
    notes=Words(
        "type 由内核的标志和有效期得出；osquery 在 Linux 上一律给出 unknown。",
        "type is told by the kernel's flags and lifetimes, where osquery says unknown on Linux.",
    ),
    columns=(
        _INTERFACE,
        Column("address", Type.TEXT, "本机地址。", "Address of this host."),
        Column(
            "mask",
            Type.TEXT,
            "子网掩码，写法与地址相同。",
            "Netmask in the notation of the address.",
        ),
        Column(
            "broadcast",
            Type.TEXT,
            "广播地址；没有时为空。",
            "Broadcast address; empty when there is none.",
        ),
        Column(
            "point_to_point",
            Type.TEXT,
            "点对点链路的对端地址；没有时为空。",
            "Address of the peer on a point-to-point link; empty when there is none.",
        ),
        Column(
            "type",
            Type.TEXT,
            "来历：dhcp 为租用所得，auto 为链路本地或由路由器通告得来，其余为 manual。",
            "dhcp (leased), auto (link-local, or from router advertisements), manual otherwise.",
        ),
    ),
)

INTERFACE_DETAILS = TableSpec(
    name="interface_details",
    version=1,
    doc=Words(
        "网络接口的状态、硬件地址和计数。",
        "Network interfaces with their state, hardware address and counters.",
    ),
    source=(
        "ip -j -s -d link show",
        "/sys/class/net/<interface>",
        "ioctl(2) SIOCETHTOOL",
    ),
    osquery=True,
    notes=Words(
        "无论以何种方式开启的混杂模式都计入，包括仅由抓包套接字要求的。",
        "Promiscuous mode set by any means counts, also when only a packet socket asked for it.",
    ),
    columns=(
        _INTERFACE,
        Column(
            "mac",
            Type.TEXT,
            "硬件地址，小写，以冒号分隔；没有时为空。",
            "Hardware address, lower case with colons; empty when there is none.",
        ),
        Column(
            "type",
            Type.INTEGER,
            "硬件类型（ARPHRD）：1 为以太网，772 为回环，801 为 802.11，65534 为无（隧道）。",
            "Hardware type (ARPHRD): 1 is Ethernet, 772 loopback, 801 802.11, 65534 none "
            "(tunnels).",
        ),
        Column("mtu", Type.INTEGER, "最大传输单元，以字节计。", "Largest packet, in bytes."),
        Column(
            "metric",
            Type.INTEGER,
            "始终为 0：Linux 的度量值属于路由。",
            "Always 0: Linux keeps metrics with routes.",
        ),
        Column(
            "flags",
            Type.INTEGER,
            "接口标志：0x1 已启用，0x8 回环，0x40 正在运行，0x100 混杂模式。",
            "Interface flags: 0x1 up, 0x8 loopback, 0x40 running, 0x100 promiscuous.",
        ),
        Column("ipackets", Type.BIGINT, "收到的包数。", "Packets received."),
        Column("opackets", Type.BIGINT, "发出的包数。", "Packets sent."),
        Column("ibytes", Type.BIGINT, "收到的字节数。", "Bytes received."),
        Column("obytes", Type.BIGINT, "发出的字节数。", "Bytes sent."),
        Column("ierrors", Type.BIGINT, "接收错误数。", "Receive errors."),
        Column("oerrors", Type.BIGINT, "发送错误数。", "Send errors."),
        Column("idrops", Type.BIGINT, "收到后丢弃的包数。", "Received packets dropped."),
        Column("odrops", Type.BIGINT, "待发而丢弃的包数。", "Packets to be sent, but dropped."),
        Column("collisions", Type.BIGINT, "冲突数。", "Collisions."),
        Column(
            "last_change",
            Type.BIGINT,
            "始终为 -1：Linux 不作记录。",
            "Always -1: Linux does not keep it.",
        ),
        Column(
            "link_speed",
            Type.BIGINT,
            "链路速率，单位 Mb/s；未知或未连接时为 0。",
            "Speed in Mb/s; 0 when not known or not linked.",
        ),
        Column(
            "pci_slot",
            Type.TEXT,
            "网卡的 PCI 地址；不在 PCI 上的为空。",
            "PCI address of the adapter; empty when it is not on PCI.",
        ),
    ),
)

ROUTES = TableSpec(
    name="routes",
    version=1,
    doc=Words(
        "全部路由表中的 IPv4、IPv6 路由；每个下一跳一行。",
        "Routes of every routing table, IPv4 and IPv6; one row for each next hop.",
    ),
    source=(
        "ip -j -d route show table all",
        "ip -j -d -6 route show table all",
        "ip -j link show",
    ),
    osquery=True,
    notes=Words(
        "只有策略路由规则才会用到的路由表，其中的默认路由也会列出。",
        "A default route in a table that only a routing rule reaches is listed too.",
    ),
    columns=(
        Column(
            "destination",
            Type.TEXT,
            "目的网络；0.0.0.0 或 :: 且 netmask 为 0 即默认路由。",
            "Network; 0.0.0.0 or :: with netmask 0 is the default route.",
        ),
        Column("netmask", Type.INTEGER, "前缀长度，以位计。", "Prefix length in bits."),
        Column(
            "gateway",
            Type.TEXT,
            "下一跳地址，可能属于另一地址族；直连时为空。",
            "Next hop, which may be of the other family; empty when on link.",
        ),
        Column(
            "source",
            Type.TEXT,
            "首选源地址；未设置时为空。",
            "Preferred source address; empty when none is set.",
        ),
        Column(
            "flags",
            Type.INTEGER,
            "路由及其下一跳的标志（RTM_F_*、RTNH_F_*）。",
            "Flags of the route and its next hop (RTM_F_*, RTNH_F_*).",
        ),
        Column(
            "interface",
            Type.TEXT,
            "出接口；丢弃或拒绝的路由为空。",
            "Outgoing interface; empty when the route drops or refuses.",
        ),
        Column(
            "mtu",
            Type.INTEGER,
            "路由的 MTU；未设置时为 0。",
            "MTU of the route; 0 when none is set.",
        ),
        Column(
            "metric",
            Type.INTEGER,
            "优先级，数值最小的优先。",
            "Priority, the lowest is preferred.",
        ),
        Column(
            "type",
            Type.TEXT,
            "类型：gateway（所有单播）、local、broadcast、anycast、multicast、blackhole、"
            "unreachable、prohibit、throw、nat 或 other。",
            "gateway (any unicast), local, broadcast, anycast, multicast, blackhole, "
            "unreachable, prohibit, throw, nat, or other.",
        ),
        Column(
            "hopcount",
            Type.INTEGER,
            "路由的跳数限制；未设置时为 0。",
            "Hop limit of the route; 0 when none is set.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (INTERFACE_ADDRESSES, INTERFACE_DETAILS, ROUTES)
