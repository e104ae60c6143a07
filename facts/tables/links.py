"""How the host is linked, to what kind of network, and with which neighbours it has spoken."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

_INTERFACE = Column("interface", Type.TEXT, "网络接口名。", "Interface name.")

NETWORK_LINKS = TableSpec(
    name="network_links",
    version=1,
    doc=Words(
        "客户端所在网络命名空间中的各条链路：种类、从属关系、隧道与混杂模式。",
        "Links of the agent's network namespace: what kind each is, what it belongs to, tunnels "
        "and promiscuity.",
    ),
    source=("ip -j -d link show",),
    notes=Words(
        "硬件地址、MTU 和计数见 interface_details。接口可改名，内核所记的种类改不了，找隧道以 kind "
        "为准。",
        "Hardware address, MTU and counters are in interface_details. An interface can be renamed, "
        "but not its kind, which is what tells a tunnel.",
    ),
    columns=(
        _INTERFACE,
        Column("ifindex", Type.INTEGER, "接口编号。", "Number of the interface."),
        Column(
            "kind",
            Type.TEXT,
            "虚拟接口的种类，如 bridge、bond、veth、vlan、macvlan、tun、wireguard、vxlan、gre；"
            "物理接口和回环接口为空。",
            "Kind of a virtual link, such as bridge, bond, veth, vlan, macvlan, tun, wireguard, "
            "vxlan or gre; empty for hardware and loopback.",
        ),
        Column(
            "state",
            Type.TEXT,
            "运行状态（RFC 2863）：up、down、lowerlayerdown、dormant、notpresent、testing 或 "
            "unknown。",
            "Operational state (RFC 2863): up, down, lowerlayerdown, dormant, notpresent, testing "
            "or unknown.",
        ),
        Column(
            "flags",
            Type.INTEGER,
            "接口标志，与 interface_details 相同。",
            "Interface flags, as in interface_details.",
        ),
        Column(
            "promiscuity",
            Type.INTEGER,
            "要求混杂模式的次数，来自管理员、抓包套接字和所属网桥；0 为未处于混杂模式。",
            "How many asked for promiscuous mode: an administrator, packet sockets, the bridge it "
            "is a port of; 0 is not promiscuous.",
        ),
        Column(
            "master",
            Type.TEXT,
            "所属的网桥、聚合接口或 VRF；没有时为空。",
            "Bridge, bond or VRF that it belongs to; empty without one.",
        ),
        Column(
            "link",
            Type.TEXT,
            "vlan、macvlan 等所依附的接口，veth 的另一端；没有或在别的命名空间时为空。",
            "Interface below a vlan, macvlan and the like, the other end of a veth; empty for "
            "none, and when it is in another namespace.",
        ),
        Column(
            "link_netnsid",
            Type.INTEGER,
            "link 所在的另一个网络命名空间在本命名空间中的编号；不在别处为 NULL。",
            "Number that this namespace gives to the one in which its link is; NULL when it is "
            "not in another.",
        ),
        Column(
            "mac_permanent",
            Type.INTEGER,
            "硬件地址为网卡出厂地址则为 1，已被改过为 0；没有出厂地址为 NULL。",
            "1 when its hardware address is the one burnt in, 0 when it was changed; NULL for one "
            "that has none burnt in.",
        ),
        Column(
            "remote_address",
            Type.TEXT,
            "vxlan、geneve、gre、ipip、sit 等隧道的对端地址；未固定和不是隧道的为空。",
            "Other end of a vxlan, geneve, gre, ipip or sit tunnel; empty when it is not fixed, "
            "and for other links.",
        ),
        Column(
            "tun_mode",
            Type.TEXT,
            "tun 类接口的模式：tun 传 IP 包，tap 传以太网帧；其他接口为空，内核未告知为 NULL。",
            "Mode of a tun link: tun carries packets, tap Ethernet frames; empty for others, NULL "
            "when the kernel does not tell.",
        ),
        Column(
            "tun_owner",
            Type.BIGINT,
            "获准使用该 tun 接口的用户号；未指定和其他接口为 NULL。",
            "User that may use this tun link; NULL when none is named, and for others.",
        ),
        Column(
            "tun_group",
            Type.BIGINT,
            "获准使用该 tun 接口的组号；未指定和其他接口为 NULL。",
            "Group that may use this tun link; NULL when none is named, and for others.",
        ),
        Column(
            "tun_persistent",
            Type.INTEGER,
            "没有程序打开时仍保留的 tun 接口为 1；其他接口为 NULL。",
            "1 for a tun link that stays when no program has it open; NULL for other links.",
        ),
    ),
)

ARP_CACHE = TableSpec(
    name="arp_cache",
    version=1,
    doc=Words(
        "与本机通信过的邻居的地址解析缓存（ARP、NDP），静态与动态均有。",
        "Neighbours whose addresses were resolved by ARP or NDP, static and dynamic.",
    ),
    source=("ip -j neigh show", "ip -j link show"),
    osquery=True,
    notes=Words(
        "osquery 只列 IPv4，未解析的地址给出全零的 mac；本系统也列 IPv6，未解析的 mac 为空。只列"
        "客户端所在网络命名空间的。",
        "osquery lists IPv4 only, with a mac of zeros for what was not resolved; we list IPv6, "
        "too, and leave such a mac empty. Of the agent's network namespace.",
    ),
    columns=(
        Column("address", Type.TEXT, "邻居的 IP 地址。", "IP address of the neighbour."),
        Column(
            "mac",
            Type.TEXT,
            "邻居的硬件地址，小写，以冒号分隔；未解析出为空。",
            "Its hardware address, lower case with colons; empty when not resolved.",
            Privacy.DEIDENTIFIED,
            "mac_address",
        ),
        _INTERFACE,
        Column(
            "permanent",
            Type.TEXT,
            "静态绑定的为 1，学习得来的为 0。",
            "1 when it was set, 0 when it was learnt.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (NETWORK_LINKS, ARP_CACHE)
