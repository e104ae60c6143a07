"""The words for reasons: a code and its arguments are signed, a sentence is made when shown."""

import re
from collections.abc import Mapping

from facts.status import Reason
from facts.words import Language, Words

_PLACE = re.compile(r"\{([0-9])\}")

_OBSERVING: Mapping[str, Words] = {
    "missing_privilege": Words("权限不足，需要 {0}", "needs the privilege {0}"),
    "permission_denied": Words("无权读取 {0}", "may not read {0}"),
    "foreign_mount": Words(
        "{0} 被另行挂载的文件系统（{1}）遮盖，读到的不是本机内容",
        "{0} is covered by a foreign mount ({1}), so what it shows is not this host's",
    ),
    "hidepid": Words(
        "内核隐藏了其他用户的进程（hidepid）", "the kernel hides other users' processes (hidepid)"
    ),
    "namespace_unseen": Words(
        "网络命名空间 {0} 中没有进程，无从读取其中的套接字",
        "no process is in the network namespace {0}, so its sockets cannot be read",
    ),
    "container": Words(
        "在容器的命名空间内运行，看不到主机全貌",
        "runs inside a container's namespaces and cannot see the whole host",
    ),
    "own_sandbox": Words(
        "{0} 被本程序自身的服务沙箱遮盖", "{0} is hidden by this program's own service sandbox"
    ),
    "program_missing": Words("未安装程序 {0}", "the program {0} is not installed"),
    "program_failed": Words("程序 {0} 执行失败（{1}）", "the program {0} failed ({1})"),
    "program_timeout": Words("程序 {0} 超时未答复", "the program {0} did not answer in time"),
    "too_large": Words("{0} 超出大小上限", "{0} is larger than the cap"),
    "not_live": Words("{0} 只能在运行中的主机上读取", "{0} can only be read on the running host"),
    "not_watching": Words(
        "当时没有持续监测，单次扫描看不到此前的接入和拔除",
        "nobody was watching, and a single scan does not see what came and went before",
    ),
    "not_watched_for": Words(
        "{0} 至 {1} 之间没有监测，期间接入又拔除的设备无从得知",
        "nobody was watching from {0} to {1}: what came and went in between is not known",
    ),
    "events_lost": Words(
        "设备事件过多，{0} 之前有一部分未能逐条记录",
        "more devices came and went than could be told one by one until {0}",
    ),
    "gone_before_read": Words(
        "{0} 处的设备在读取其名称和序列号之前已被拔除",
        "the device at {0} was gone before its names and serial number were read",
    ),
    "stub_upstream_unknown": Words(
        "域名查询交给本机的 {0} 转发，无从得知它转给哪些服务器",
        "names are asked of {0} on this host, and whom it asks in turn is not known",
    ),
    "malformed_source": Words(
        "{0} 的内容不符合其格式", "the content of {0} does not follow its format"
    ),
    "keys_elsewhere": Words(
        "另有密钥由程序 {0} 提供，无法看到",
        "the program {0} supplies more keys, which cannot be seen",
    ),
    "changes_pending": Words(
        "{0} 中还有尚未并入数据库的改动",
        "{0} holds changes that are not in its database yet",
    ),
    "may_hold_key": Words(
        "{0} 可能含有私钥，因此没有打开",
        "{0} may hold a private key, so it was not opened",
    ),
    "format_unknown": Words(
        "本程序不能读取 {0} 的格式（{1}）",
        "this program cannot read the format of {0} ({1})",
    ),
    "value_not_evaluated": Words(
        "{0} 中的取值要到使用时才能得出，未作求值",
        "a value in {0} is worked out when it is used, and was not evaluated",
    ),
    "source_missing": Words("{0} 不存在或未被记录", "{0} is not there, or was not recorded"),
    "read_failed": Words("读取 {0} 出错（{1}）", "reading {0} failed ({1})"),
    "not_a_file": Words("{0} 不是普通文件", "{0} is not a regular file"),
    "not_observed": Words("本程序不采集 {0}", "this program does not observe {0}"),
    "remote_filesystem": Words(
        "{0} 是网络文件系统，为避免卡住扫描未查询其容量",
        "{0} is a network filesystem, whose sizes are not asked lest it stop the scan",
    ),
    "systemd_not_running": Words(
        "systemd 未在本机运行，无从得知单元的运行状态",
        "systemd does not run here, so the state of its units cannot be known",
    ),
    "collector_failed": Words("采集 {0} 时程序出错", "the collector of {0} failed"),
    "pattern_too_wide": Words(
        "{0} 覆盖的文件过多、层级过深或耗时过长，没有查完",
        "{0} covers too many files or levels, or took too long, and was not searched to its end",
    ),
    "key_outside_allow_list": Words(
        "{0} 不在本机允许查询的目录范围内", "{0} is outside what this host allows to be asked"
    ),
}

_RECORDED: Mapping[str, Words] = {
    "not_recorded": Words("没有记录 {0}", "{0} was not recorded"),
    "recording_refused": Words(
        "{0} 不是完好的主机记录：{1}", "{0} is not a sound recording of a host: {1}"
    ),
    "key_not_asked": Words("扫描时没有查询 {0}", "{0} was not asked for when the host was scanned"),
    "column_missing": Words("{0} 缺少字段 {1}", "{0} lacks the column {1}"),
    "register_missing": Words("登记册 {0} 未建立", "the register {0} has not been adopted"),
    "parameter_refused": Words(
        "参数 {0} 的取值 {1} 超出策略允许的范围",
        "the value {1} of the parameter {0} is outside what the policy allows",
    ),
    "not_enrolled": Words("本机尚未纳管", "this host is not enrolled"),
    "agent_older_than_policy": Words(
        "客户端版本低，策略要求 {0}", "the agent is older than the policy needs ({0})"
    ),
    "killed": Words("扫描进程在得出结果之前被终止", "the scan was ended before it came to this"),
}

_BUDGET: Mapping[str, Words] = {
    "over_time": Words(
        "查询的计算量超出资源限额，已停止", "the query ran over its budget of work and was stopped"
    ),
    "over_memory": Words(
        "查询占用的内存超出资源限额，已停止",
        "the query ran over its budget of memory and was stopped",
    ),
    "over_rows": Words("查询结果超过 {0}，已停止", "the answer is larger than {0} and was stopped"),
    "over_length": Words(
        "查询或其中的文本超出长度上限（{0}）",
        "the query, or a text in it, is longer than the limit ({0})",
    ),
}

_QUERY: Mapping[str, Words] = {
    "query_failed": Words("查询无法执行：{0}", "the query cannot be run: {0}"),
    "table_unknown": Words("没有名为 {0} 的表{1}", "there is no table {0}{1}"),
    "column_unknown": Words("没有名为 {0} 的字段{1}", "there is no column {0}{1}"),
    "function_unknown": Words("没有名为 {0} 的函数{1}", "there is no function {0}{1}"),
    "function_refused": Words(
        "不支持函数 {0}：查询结果只能取决于已记录的事实，且开销须可控",
        "the function {0} is not allowed: an answer depends on recorded facts only, at a "
        "bounded cost",
    ),
    "localtime_refused": Words(
        "不支持时间修饰符 {0}：时间一律采用 UTC",
        "the modifier {0} is not allowed: all times are UTC",
    ),
    "table_refused": Words(
        "不可读取 {0}：只能读取事实表和登记册",
        "{0} cannot be read: only tables of facts and registers can",
    ),
    "table_denied_private": Words(
        "按设计不提供 {0}：其中涉及个人内容、使用习惯或密钥",
        "{0} is not offered by design: it holds personal content, habits or secrets",
    ),
    "table_denied_outside": Words(
        "按设计不提供 {0}：该表会访问本机以外的目标，或将文件取走",
        "{0} is not offered by design: it would reach beyond this host or take files from it",
    ),
    "table_denied_contents": Words(
        "按设计不提供 {0}：该表会在文件、内存或磁盘的内容中查找，而本系统从不读取内容",
        "{0} is not offered by design: it would search the contents of files, memory or disks, "
        "which this program never reads",
    ),
    "table_denied_tracing": Words(
        "按设计不提供 {0}：本系统清点主机的状态，不跟踪进程和人员的操作",
        "{0} is not offered by design: this program takes stock of a host, and does not trace "
        "what processes and people do",
    ),
    "table_of_osquery": Words(
        "{0} 说的是 osquery 自身；本系统自身的状态见 anfang_ 开头的表",
        "{0} is about osquery itself; what this program is doing is in the tables anfang_…",
    ),
    "table_not_offered": Words(
        "本系统不提供 osquery 的表 {0}：现有检查项不需要",
        "osquery's {0} is not offered: no check needs it",
    ),
    "table_other_platform": Words(
        "osquery 的表 {0} 只在其他操作系统上才有", "osquery has {0} on other platforms only"
    ),
    "local_column": Words(
        "策略不可读取 {0}：该字段仅供在本机现场查询，不作记录；请逐一列出所需字段",
        "a policy cannot read {0}: it serves queries at the keyboard only and is never recorded; "
        "name the columns you need",
    ),
    "rowid_refused": Words(
        "不可读取 {0} 的 rowid：行号不是事实",
        "the rowid of {0} cannot be read: a row's number is not a fact",
    ),
    "constraint_missing": Words(
        "查询表 {0} 须给出 {1} 的条件，例如 {0} WHERE {1} = '{2}'",
        "{0} needs {1} = …, for instance {0} WHERE {1} = '{2}'",
    ),
    "write_refused": Words(
        "只接受单条 SELECT 语句（{0} 被拒绝）",
        "only a single SELECT is accepted ({0} is refused)",
    ),
    "several_statements": Words("一次只接受一条语句", "only one statement is accepted at a time"),
    "statement_missing": Words("查询为空", "the query is empty"),
    "parameter_missing": Words("没有名为 :{0} 的参数{1}", "there is no parameter :{0}{1}"),
    "parameter_unnamed": Words(
        "参数须具名，例如 :name", "a parameter needs a name, for instance :name"
    ),
    "pattern_refused": Words("不支持正则表达式 {0}：{1}", "the pattern {0} cannot be used: {1}"),
    "argument_refused": Words("函数 {0} 的参数无效：{1}", "an argument of {0} is not valid: {1}"),
}

REASONS: Mapping[str, Words] = {**_OBSERVING, **_RECORDED, **_BUDGET, **_QUERY}
"""Every code there is, `{0}`, `{1}` standing for its arguments; never renamed, because signed."""


def say(reason: Reason, language: Language) -> str:
    """The sentence for `reason`.

    Reasons come from reports too, so a code or a number of arguments nobody knows is shown as it
    came instead of failing.
    """
    words = REASONS.get(reason.code)
    if words is None:
        return " ".join((reason.code, *reason.args))
    given = dict(enumerate(reason.args))
    return _PLACE.sub(lambda place: given.get(int(place[1]), "…"), words.to(language))
