"""What the host's network is told to be: saved connections, and proxies programs are to use."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

NM_CONNECTIONS = TableSpec(
    name="nm_connections",
    version=1,
    doc=Words(
        "NetworkManager 已保存的连接配置，含较早的 ifcfg 文件。",
        "Connections saved for NetworkManager, older ifcfg files among them.",
    ),
    source=(
        "/run/NetworkManager/system-connections/*",
        "/etc/NetworkManager/system-connections/*",
        "/usr/lib/NetworkManager/system-connections/*",
        "/etc/sysconfig/network-scripts/*",
    ),
    privilege="CAP_DAC_READ_SEARCH",
    notes=Words(
        "不采集网络名称（SSID）、密钥、账户和地址；无线和蓝牙连接通常以网络或手机的名称命名，其 id "
        "和文件名也不采集。这里是配置，是否已连接见 network_links。",
        "No network name (SSID), key, account or address is collected; connections by Wi-Fi and "
        "Bluetooth are usually called by the name of a network or a phone, so neither their id "
        "nor their file's name is. These are settings; what is up is told by network_links.",
    ),
    columns=(
        Column("uuid", Type.TEXT, "连接的 UUID；文件未写为空。", "UUID; empty when not written."),
        Column(
            "id",
            Type.TEXT,
            "连接的名称；无线和蓝牙连接为空。",
            "Name of the connection; empty for Wi-Fi and Bluetooth.",
        ),
        Column(
            "type",
            Type.TEXT,
            "类型，如 ethernet、wifi、bridge、vpn、wireguard、gsm、bluetooth。",
            "Kind, such as ethernet, wifi, bridge, vpn, wireguard, gsm or bluetooth.",
        ),
        Column(
            "interface",
            Type.TEXT,
            "限定的网络接口；不限为空。",
            "Interface it is for; empty for any.",
        ),
        Column(
            "autoconnect",
            Type.INTEGER,
            "自动连接为 1，须手动启用为 0。",
            "1 when it comes up by itself, 0 when somebody has to start it.",
        ),
        Column(
            "ipv4_method",
            Type.TEXT,
            "IPv4 地址的来历：auto、manual、link-local、disabled 或 shared（共享上网：给他人分配"
            "地址并转发）；未写为空。",
            "How it comes by IPv4: auto, manual, link-local, disabled, or shared (it gives others "
            "addresses and forwards for them); empty when not written.",
        ),
        Column(
            "ipv6_method",
            Type.TEXT,
            "IPv6 地址的来历，取值另有 dhcp、ignore；未写为空。",
            "How it comes by IPv6, also dhcp or ignore; empty when not written.",
        ),
        Column(
            "wifi_mode",
            Type.TEXT,
            "无线连接的角色：infrastructure（接入他人）、ap（热点）、adhoc 或 mesh；其他类型为空。",
            "What a Wi-Fi connection acts as: infrastructure (it joins others), ap (an access "
            "point), adhoc or mesh; empty for other kinds.",
        ),
        Column(
            "master",
            Type.TEXT,
            "所属的网桥或聚合接口；没有为空。",
            "Bridge or bond that it belongs to; empty without one.",
        ),
        Column(
            "zone",
            Type.TEXT,
            "firewalld 区域；默认为空。",
            "Zone of firewalld; empty for its default.",
        ),
        Column("format", Type.TEXT, "文件格式：keyfile 或 ifcfg。", "keyfile or ifcfg."),
        Column(
            "path",
            Type.TEXT,
            "所在文件；无线和蓝牙连接只给出目录。",
            "File it stands in; for Wi-Fi and Bluetooth its directory only.",
        ),
    ),
)

PROXY_SETTINGS = TableSpec(
    name="proxy_settings",
    version=1,
    doc=Words(
        "全局配置文件中要求程序使用的代理服务器，每项设置一行。",
        "Proxies that host-wide files tell programs to use, one row for each setting.",
    ),
    source=(
        *("/etc/environment", "/etc/environment.d/*.conf", "/usr/lib/environment.d/*.conf"),
        *("/etc/profile", "/etc/profile.d/*.sh", "/etc/profile.d/*.csh"),
        *("/etc/bash.bashrc", "/etc/bashrc", "/etc/csh.cshrc", "/etc/csh.login"),
        *("/etc/zshenv", "/etc/zsh/zshenv"),
        *("/etc/systemd/system.conf", "/etc/systemd/system.conf.d/*.conf"),
        *("/etc/systemd/user.conf", "/etc/systemd/user.conf.d/*.conf"),
        *("/etc/systemd/system/*.service", "/etc/systemd/system/*.service.d/*.conf"),
        *("/etc/sysconfig/proxy", "/etc/sysconfig/docker", "/etc/default/docker"),
        *("/etc/apt/apt.conf", "/etc/apt/apt.conf.d/*"),
        *("/etc/dnf/dnf.conf", "/etc/yum.conf", "/etc/yum.repos.d/*.repo"),
        *("/etc/wgetrc", "/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc"),
        *("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "/etc/gitconfig"),
        *("/etc/docker/daemon.json", "/etc/dconf/db/*.d/*"),
        *("/etc/proxychains.conf", "/etc/proxychains4.conf"),
    ),
    privilege="CAP_DAC_READ_SEARCH",
    notes=Words(
        "账户和口令不采集，完整地址也不保留。脚本中列出的是写明的赋值，不判断执行与否。各人主目录下的"
        "设置不读取。",
        "No account or password is collected, nor the whole address. Of a script every assignment "
        "that is written out is listed, whether or not it runs. People's own settings are not "
        "read.",
    ),
    columns=(
        Column(
            "kind",
            Type.TEXT,
            "设置的种类：environment、profile、systemd、sysconfig、apt、dnf、wget、npm、pip、git、"
            "docker、dconf 或 proxychains。",
            "Kind of setting: environment, profile, systemd, sysconfig, apt, dnf, wget, npm, pip, "
            "git, docker, dconf or proxychains.",
        ),
        Column("path", Type.TEXT, "所在文件。", "File it stands in."),
        Column(
            "name",
            Type.TEXT,
            "设置项的名称，如 `http_proxy`、`Acquire::http::Proxy`。",
            "Name of the setting, such as `http_proxy` or `Acquire::http::Proxy`.",
        ),
        Column(
            "protocol",
            Type.TEXT,
            "经代理的流量：http、https、ftp、rsync、socks、all；pac 为自动配置脚本的地址。",
            "Traffic that goes by it: http, https, ftp, rsync, socks, all; pac is the address of "
            "a script that decides.",
        ),
        Column(
            "scheme",
            Type.TEXT,
            "代理自身的协议，如 http、socks5；未写为空。",
            "What the proxy itself speaks, such as http or socks5; empty when not written.",
        ),
        Column(
            "host",
            Type.TEXT,
            "代理的主机名或地址；取值须运行时才能得出的为 NULL。",
            "Name or address of the proxy; NULL when the value is worked out when it is used.",
        ),
        Column(
            "port",
            Type.INTEGER,
            "代理的端口；未写为 NULL。",
            "Port of the proxy; NULL when not written.",
        ),
        Column(
            "credentials",
            Type.INTEGER,
            "地址中写有账户的为 1。",
            "1 when an account is written in the address.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (NM_CONNECTIONS, PROXY_SETTINGS)
