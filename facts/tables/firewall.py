"""What the host's own firewall lets through, and what it keeps of connections."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

_LEGACY = ("iptables-legacy-save", "iptables-save", "ip6tables-legacy-save", "ip6tables-save")
_NFT = ("iptables-nft-save", "ip6tables-nft-save")
_DIRECTORIES = ("/usr/sbin", "/sbin")
_KERNEL = ("/proc/modules", "/proc/version", "/lib/modules/<release>/modules.builtin")
"""What tells a kernel without nf_tables, of which no program is asked lest it load the module."""

NFTABLES_RULES = TableSpec(
    name="nftables_rules",
    version=1,
    doc=Words(
        "nftables 中生效的规则，每条一行；没有规则的链也占一行，以便判断其默认策略。",
        "Rules of nftables in force, one row each; a chain without rules has a row, too, so that "
        "its policy can be judged.",
    ),
    source=(
        *(f"{directory}/nft -j -t list ruleset" for directory in _DIRECTORIES),
        *(f"{directory}/nft -a -s -t list ruleset" for directory in _DIRECTORIES),
        *_KERNEL,
    ),
    privilege="CAP_NET_ADMIN",
    notes=Words(
        "由 iptables-nft、firewalld 写入 nf_tables 的规则也在其中。不读取命名集合的元素。只列客户端"
        "所在网络命名空间的。",
        "Rules that iptables-nft and firewalld put into nf_tables are among them. Elements of "
        "named sets are not read. Of the agent's network namespace.",
    ),
    columns=(
        Column(
            "family",
            Type.TEXT,
            "协议族：ip、ip6、inet、arp、bridge 或 netdev。",
            "Family: ip, ip6, inet, arp, bridge or netdev.",
        ),
        Column("table_name", Type.TEXT, "表名。", "Table it is in."),
        Column("chain", Type.TEXT, "链名。", "Chain it is in."),
        Column(
            "type",
            Type.TEXT,
            "基链类型：filter、nat 或 route；只供跳转的链为空。",
            "Type of a base chain: filter, nat or route; empty for one that is only jumped to.",
        ),
        Column(
            "hook",
            Type.TEXT,
            "基链所在的挂载点，如 input、forward、output；只供跳转的链为空。",
            "Hook of a base chain, such as input, forward or output; empty for one that is only "
            "jumped to.",
        ),
        Column(
            "priority",
            Type.INTEGER,
            "基链优先级，小的先执行；只供跳转的链为 NULL。",
            "Priority of a base chain, the lowest runs first; NULL for one that is only jumped to.",
        ),
        Column(
            "policy",
            Type.TEXT,
            "基链默认策略：accept 或 drop；只供跳转的链为空。",
            "What a base chain does with the rest: accept or drop; empty for one that is only "
            "jumped to.",
        ),
        Column(
            "dormant",
            Type.INTEGER,
            "所在的表已停用、规则不起作用的为 1。",
            "1 when its table is switched off, so that nothing in it acts.",
        ),
        Column(
            "position",
            Type.INTEGER,
            "在链中的次序，从 1 起；没有规则的链为 0。",
            "Place in its chain, from 1; 0 for a chain without rules.",
        ),
        Column(
            "handle",
            Type.BIGINT,
            "规则的编号；没有规则的链为 NULL。",
            "Number of the rule; NULL for a chain without rules.",
        ),
        Column(
            "expression",
            Type.TEXT,
            "规则全文，写法同 `nft list ruleset`，不含计数；没有规则的链为空。",
            "The rule as `nft list ruleset` writes it, without counts; empty for a chain without "
            "rules.",
        ),
        Column(
            "verdict",
            Type.TEXT,
            "规则的处置，如 accept、drop、reject、jump、masquerade、dnat；由取值决定的为 vmap；没有"
            "处置的为空。",
            "What it does, such as accept, drop, reject, jump, masquerade or dnat; vmap when a "
            "value decides; empty when it decides nothing.",
        ),
        Column(
            "target",
            Type.TEXT,
            "jump、goto 的目标链；其他为空。",
            "Chain that jump and goto lead to; empty for others.",
        ),
        Column(
            "unconditional",
            Type.INTEGER,
            "对到达该规则的每个包都起作用的为 1；没有规则的链为 NULL。",
            "1 when it takes every packet that comes to it; NULL for a chain without rules.",
        ),
        Column("comment", Type.TEXT, "备注。", "Its comment."),
        Column(
            "packets",
            Type.BIGINT,
            "匹配的包数；规则不计数的为 NULL。",
            "Packets it matched; NULL when it does not count.",
        ),
        Column(
            "bytes",
            Type.BIGINT,
            "匹配的字节数；规则不计数的为 NULL。",
            "Bytes it matched; NULL when it does not count.",
        ),
    ),
)

IPTABLES = TableSpec(
    name="iptables",
    version=1,
    doc=Words(
        "iptables、ip6tables 中生效的链和规则，各占一行。",
        "Chains and rules of iptables and ip6tables in force, one row each.",
    ),
    source=(
        "/proc/net/ip_tables_names",
        "/proc/net/ip6_tables_names",
        *(f"{directory}/{name} -c" for name in (*_LEGACY, *_NFT) for directory in _DIRECTORIES),
        *_KERNEL,
    ),
    privilege="CAP_NET_ADMIN, CAP_NET_RAW",
    osquery=True,
    notes=Words(
        "osquery 只读 IPv4 和内核旧表，规则一行给出的是链的计数，取反的条件当作未取反；本系统连同 "
        "ip6tables 和由 iptables-nft 写入 nf_tables 的规则一并列出（family、backend），计数属于规则"
        "本身，取反的条件以 `!` 开头，协议号取负。两处都有规则时，两处都生效。nftables 自身的规则"
        "见 nftables_rules。",
        "osquery reads IPv4 and the kernel's old tables only, gives a rule its chain's counts, and "
        "shows inverted conditions as if they were not; we list ip6tables and what iptables-nft "
        "put into nf_tables, too (family, backend), counts are the rule's, and inverted conditions "
        "begin with `!`, or are negative numbers. Where both places have rules, both are in force. "
        "What nftables has of its own is in nftables_rules.",
    ),
    columns=(
        Column(
            "filter_name",
            Type.TEXT,
            "所在的表，如 filter、nat。",
            "Table it is in, such as filter or nat.",
        ),
        Column("chain", Type.TEXT, "链名。", "Chain it is, or is in."),
        Column(
            "policy",
            Type.TEXT,
            "链的默认策略，如 ACCEPT、DROP；自定义链为空。",
            "What the chain does with the rest, such as ACCEPT or DROP; empty for users' own.",
        ),
        Column(
            "target",
            Type.TEXT,
            "规则的处置或跳转的链；没有的为空。",
            "What the rule does, or the chain it jumps to; empty for nothing.",
        ),
        Column(
            "protocol",
            Type.INTEGER,
            "IP 协议号；0 为全部。",
            "IP protocol number; 0 for all.",
        ),
        Column(
            "src_port",
            Type.TEXT,
            "源端口，可为范围或列表，如 `1:5,9`；不限为空。",
            "Source ports, also a range or a list, such as `1:5,9`; empty for any.",
        ),
        Column(
            "dst_port",
            Type.TEXT,
            "目的端口，写法同 src_port；不限为空。",
            "Destination ports, written as src_port; empty for any.",
        ),
        Column("src_ip", Type.TEXT, "源地址。", "Source address."),
        Column(
            "src_mask",
            Type.TEXT,
            "源地址掩码，写法与地址相同。",
            "Mask of the source in the notation of the address.",
        ),
        Column(
            "iniface",
            Type.TEXT,
            "入接口；不限为 all。",
            "Interface a packet comes by; all for any.",
        ),
        Column(
            "iniface_mask",
            Type.TEXT,
            "入接口名参与比较的字节，每字节写作 FF，完整的名称比 `lo+` 多一字节；不限为空。",
            "Bytes of that name that are compared, FF each, one more for a whole name than for "
            "`lo+`; empty for any.",
        ),
        Column("dst_ip", Type.TEXT, "目的地址。", "Destination address."),
        Column(
            "dst_mask",
            Type.TEXT,
            "目的地址掩码，写法与地址相同。",
            "Mask of the destination in the notation of the address.",
        ),
        Column(
            "outiface",
            Type.TEXT,
            "出接口；不限为 all。",
            "Interface a packet leaves by; all for any.",
        ),
        Column(
            "outiface_mask",
            Type.TEXT,
            "出接口名参与比较的字节，写法同 iniface_mask。",
            "Bytes of that name that are compared, written as iniface_mask.",
        ),
        Column(
            "match",
            Type.TEXT,
            "带扩展匹配条件的为 yes，否则为 no。",
            "yes when it has conditions of an extension, else no.",
        ),
        Column("packets", Type.INTEGER, "匹配的包数。", "Packets matched."),
        Column("bytes", Type.INTEGER, "匹配的字节数。", "Bytes matched."),
        Column("family", Type.TEXT, "协议族：ip 或 ip6。", "Family: ip or ip6."),
        Column(
            "backend",
            Type.TEXT,
            "规则所在：legacy 为内核旧表，nf_tables 为 iptables-nft 所写。",
            "Where it is: legacy, the kernel's old tables; nf_tables, put there by iptables-nft.",
        ),
        Column(
            "position",
            Type.INTEGER,
            "规则在链中的次序，从 1 起；链本身为 0。",
            "Place in its chain, from 1; 0 for the chain itself.",
        ),
        Column(
            "rule",
            Type.TEXT,
            "规则全文，写法同 iptables-save；链本身为 NULL。",
            "The rule as iptables-save writes it; NULL for the chain itself.",
        ),
    ),
)

CONNTRACK_SUMMARY = TableSpec(
    name="conntrack_summary",
    version=1,
    doc=Words(
        "内核跟踪的连接数，按协议和状态汇总；没有连接时也占一行。",
        "Connections the kernel tracks, summed up by protocol and state; one row when there are "
        "none.",
    ),
    source=(
        "/proc/sys/net/netfilter/nf_conntrack_count",
        "/proc/sys/net/netfilter/nf_conntrack_max",
        "/proc/net/nf_conntrack",
    ),
    privilege="CAP_DAC_READ_SEARCH",
    notes=Words(
        "只计数，不记录任何一条连接的地址和端口。只列客户端所在网络命名空间的。",
        "Only counts: no connection's addresses or ports are kept. Of the agent's network "
        "namespace.",
    ),
    columns=(
        Column(
            "family",
            Type.INTEGER,
            "地址族：2 为 IPv4，10 为 IPv6；没有连接时为 NULL。",
            "Address family: 2 is IPv4, 10 is IPv6; NULL when there are no connections.",
        ),
        Column(
            "protocol",
            Type.INTEGER,
            "IP 协议号，如 6 为 TCP；没有连接时为 NULL。",
            "IP protocol number, such as 6 for TCP; NULL when there are no connections.",
        ),
        Column(
            "state",
            Type.TEXT,
            "连接状态，如 ESTABLISHED；协议没有状态的为空，没有连接时为 NULL。",
            "State, such as ESTABLISHED; empty for protocols without, NULL when there are no "
            "connections.",
        ),
        Column("connections", Type.BIGINT, "该类连接的条数。", "Connections of this kind."),
        Column("tracked", Type.BIGINT, "跟踪的连接总数。", "Connections tracked in all."),
        Column("maximum", Type.BIGINT, "跟踪数的上限。", "How many can be tracked at most."),
    ),
)

TABLES: tuple[TableSpec, ...] = (NFTABLES_RULES, IPTABLES, CONNTRACK_SUMMARY)
