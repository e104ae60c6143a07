"""Tables about names: those the host knows itself, and whom it asks for the others."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

_COMMENT = Column("comment", Type.TEXT, "行尾的注释。", "Comment at the end of the line.")

ETC_HOSTS = TableSpec(
    name="etc_hosts",
    version=1,
    doc=Words("/etc/hosts 中的地址和名称。", "The addresses and names of /etc/hosts."),
    source=("/etc/hosts",),
    osquery=True,
    columns=(
        Column("address", Type.TEXT, "IP 地址。", "IP address."),
        Column(
            "hostnames",
            Type.TEXT,
            "该地址的各个名称，以空格分隔。",
            "Its names, separated by blanks.",
        ),
    ),
)

ETC_PROTOCOLS = TableSpec(
    name="etc_protocols",
    version=1,
    doc=Words("/etc/protocols 中的协议编号。", "The protocol numbers of /etc/protocols."),
    source=("/etc/protocols",),
    osquery=True,
    notes=Words(
        "别名全部列出，osquery 只列第一个。", "All aliases are given; osquery gives the first."
    ),
    columns=(
        Column("name", Type.TEXT, "协议名。", "Name of the protocol."),
        Column("number", Type.INTEGER, "协议号。", "Number of the protocol."),
        Column("alias", Type.TEXT, "别名，以空格分隔。", "Aliases, separated by blanks."),
        _COMMENT,
    ),
)

ETC_SERVICES = TableSpec(
    name="etc_services",
    version=1,
    doc=Words("/etc/services 中的服务名和端口。", "The services and ports of /etc/services."),
    source=("/etc/services",),
    osquery=True,
    columns=(
        Column("name", Type.TEXT, "服务名。", "Name of the service."),
        Column("port", Type.INTEGER, "端口号。", "Port."),
        Column("protocol", Type.TEXT, "传输协议，如 tcp。", "Transport, such as tcp."),
        Column("aliases", Type.TEXT, "别名，以空格分隔。", "Aliases, separated by blanks."),
        _COMMENT,
    ),
)

DNS_RESOLVERS = TableSpec(
    name="dns_resolvers",
    version=1,
    doc=Words(
        "本机向谁查询域名，包括本机转发程序背后的服务器。",
        "Whom this host asks for names, the servers behind a local stub included.",
    ),
    source=(
        "/etc/resolv.conf",
        "/etc/nsswitch.conf",
        "/run/systemd/resolve/resolv.conf",
        "/run/systemd/resolve/stub-resolv.conf",
        "/run/systemd/resolve/netif",
        "/run/systemd/resolve/netif/<number>",
        "/run/systemd/netif/links",
        "/run/systemd/netif/links/<number>",
        "/sys/class/net",
        "/sys/class/net/<interface>/ifindex",
        "/etc/systemd/resolved.conf",
        "/run/systemd/resolved.conf",
        "/usr/local/lib/systemd/resolved.conf",
        "/usr/lib/systemd/resolved.conf",
        "/etc/systemd/resolved.conf.d/**",
        "/run/systemd/resolved.conf.d/**",
        "/usr/local/lib/systemd/resolved.conf.d/**",
        "/usr/lib/systemd/resolved.conf.d/**",
        "/run/NetworkManager/resolv.conf",
        "/run/NetworkManager/no-stub-resolv.conf",
        "/usr/sbin/dnsmasq",
        "/etc/dnsmasq.conf",
        "/etc/dnsmasq.d/**",
        "/run/dnsmasq/resolv.conf",
    ),
    osquery=True,
    notes=Words(
        "osquery 只到 127.0.0.53 这样的本机地址为止；这里另以 `upstream` 列出其背后的服务器"
        "（systemd-resolved、NetworkManager、dnsmasq），找不到时本表不完整。与解析库一样，"
        "nameserver 只取前三个。netmask 只有 sortlist 才有，osquery 一律填 32。service、interface、"
        "dns_over_tls、source 为本系统所加。",
        "osquery stops at an address of the host itself such as 127.0.0.53. Rows of type "
        "`upstream` name the servers behind it (systemd-resolved, NetworkManager, dnsmasq); when "
        "they cannot be found the table is partial. Of name servers the first three count, as "
        "for the resolver. Only a sortlist has a netmask, where osquery says 32. service, "
        "interface, dns_over_tls and source are ours.",
    ),
    columns=(
        Column("id", Type.INTEGER, "在同类中的次序，从 0 起。", "Place among its type, from 0."),
        Column(
            "type",
            Type.TEXT,
            "种类：`nameserver`、`search`、`sortlist`，转发程序背后的服务器为 `upstream`。",
            "`nameserver`, `search`, `sortlist`, or `upstream` for a server behind a stub.",
        ),
        Column(
            "address",
            Type.TEXT,
            "地址；`search` 则为补全用的域。",
            "Address; for `search`, a domain that completes names.",
        ),
        Column(
            "netmask",
            Type.TEXT,
            "sortlist 的掩码；其他种类为 NULL。",
            "Mask of a sortlist; NULL for other types.",
        ),
        Column(
            "options",
            Type.BIGINT,
            "解析库的选项位；`upstream` 为 NULL。",
            "Options of the resolver, as bits; NULL for `upstream`.",
        ),
        Column(
            "service",
            Type.TEXT,
            "哪个转发程序背后的服务器：`systemd-resolved`、`NetworkManager`、`dnsmasq`；"
            "resolv.conf 所写的为空。",
            "Stub that asks it: `systemd-resolved`, `NetworkManager`, `dnsmasq`; empty for what "
            "resolv.conf says.",
        ),
        Column(
            "interface",
            Type.TEXT,
            "只用于哪个网络接口；不限为空。",
            "Network interface it is for; empty: any.",
        ),
        Column(
            "dns_over_tls",
            Type.TEXT,
            "是否加密查询，照 systemd-resolved 的写法；未说明为 NULL。",
            "Whether questions are encrypted, as systemd-resolved says it; NULL if unsaid.",
        ),
        Column("source", Type.TEXT, "所在文件。", "File that names it."),
    ),
)

TABLES: tuple[TableSpec, ...] = (ETC_HOSTS, ETC_PROTOCOLS, ETC_SERVICES, DNS_RESOLVERS)
