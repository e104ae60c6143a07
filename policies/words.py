"""The words for what policies say, Chinese and English, the same in the terminal and on pages."""

from collections.abc import Mapping

from policies.model import Certainty, Family, Measure, Outcome, Severity, Status, Text

VERDICTS: Mapping[Outcome, Text] = {
    "pass": Text("符合", "pass"),
    "fail": Text("不符合", "fail"),
    "not_applicable": Text("不适用", "not applicable"),
    "unknown": Text("无法判定", "unknown"),
}

MARKS: Mapping[Outcome, str] = {"pass": "✓", "fail": "✗", "not_applicable": "–", "unknown": "?"}
"""A sign beside the word, so that colour is never the only one."""

SEVERITIES: Mapping[Severity, Text] = {
    "critical": Text("严重", "critical"),
    "high": Text("高", "high"),
    "medium": Text("中", "medium"),
    "low": Text("低", "low"),
}

FAMILIES: Mapping[Family, Text] = {
    "usb": Text("USB 与移动存储介质", "USB and removable media"),
    "rad": Text("无线与射频", "Radio"),
    "egr": Text("违规外联与跨网互联", "External connections and joined networks"),
    "rmt": Text("远程控制软件", "Remote-control software"),
    "tun": Text("内网穿透与代理", "Tunnels and proxies"),
    "net": Text("网络暴露面", "Network exposure"),
    "acc": Text("账户与口令", "Accounts and passwords"),
    "ssh": Text("SSH 远程登录", "SSH"),
    "aud": Text("审计与日志留存", "Audit and log retention"),
    "tim": Text("时钟与对时", "Clock and time sources"),
    "agt": Text("客户端自身", "The agent itself"),
    "avc": Text("音视频采集设备", "Audio and video capture"),
    "dns": Text("域名解析", "Name resolution"),
    "fw": Text("主机防火墙", "Host firewall"),
    "krn": Text("启动、内核与系统完整性", "Boot, kernel and system integrity"),
    "swi": Text("软件安装与完整性", "Software installed and its integrity"),
    "enc": Text("加密与证书", "Encryption and certificates"),
    "per": Text("打印与外设", "Printing and peripherals"),
    "ctr": Text("容器与虚拟化", "Containers and virtualisation"),
}

MEASURES: Mapping[Measure, Text] = {
    "shield": Text("技术屏蔽", "shield"),
    "isolate": Text("隔离", "isolate"),
    "remove": Text("拆除", "remove"),
    "stop-use": Text("停止使用", "stop use"),
}

CERTAINTIES: Mapping[Certainty, Text] = {
    "verified": Text("已核对原文", "text verified"),
    "supported": Text("有佐证，原文待核对", "supported, text not seen"),
    "memory": Text("依据待核实", "to be confirmed"),
}

STATUSES: Mapping[Status, Text] = {
    "complete": Text("完整", "complete"),
    "partial": Text("不完整", "partial"),
    "unreadable": Text("无法读取", "unreadable"),
    "unsupported": Text("不支持", "unsupported"),
    "denied": Text("权限不足", "denied"),
    "over_budget": Text("超出资源限额", "over budget"),
}
