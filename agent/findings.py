"""The words for what a verifier found, Chinese and English; codes are `evidence.finding.Code`."""

from collections.abc import Mapping

from agent.say import Lang, pick
from evidence.finding import Code, Finding, Outcome
from policies.plain import beijing, visible

OUTCOMES: Mapping[Outcome, tuple[str, str]] = {
    Outcome.HELD: ("核验通过", "verified"),
    Outcome.NOT_CHECKED: ("部分无法核验", "partly not verifiable"),
    Outcome.SIGNER_UNKNOWN: (
        "部分无法核验：内容完整，签名人身份未确认",
        "intact, signer not established",
    ),
    Outcome.FAILED: ("核验不通过", "not authentic"),
}

MARKS: Mapping[Outcome, str] = {
    Outcome.HELD: "✓",
    Outcome.NOT_CHECKED: "?",
    Outcome.SIGNER_UNKNOWN: "?",
    Outcome.FAILED: "✗",
}

_WORDS: Mapping[Code, tuple[str, str]] = {
    Code.SIGNATURE_VALID: ("签名有效，密钥 {0}", "signature valid, key {0}"),
    Code.SIGNATURE_WRONG: (
        "签名错误：内容在密钥 {0} 签名之后被改动",
        "signature wrong: changed after key {0} signed it",
    ),
    Code.SIGNER_UNKNOWN: (
        "缺少密钥 {0}，签名无法核验；请用 --trust 指定信任目录",
        "key {0} is not here, so its signature cannot be checked; name whom to trust with --trust",
    ),
    Code.SIGNER_NOT_TRUSTED: (
        "签名与材料自带的密钥 {0} 相符，但该密钥未经信任目录中的任何服务器确认",
        "the signature fits key {0}, which nobody trusted vouches for",
    ),
    Code.SIGNER_ROLE: (
        "密钥 {0} 可信，但无权签发此类声明",
        "key {0} is trusted, but not to say this",
    ),
    Code.COSIGNER_UNKNOWN: (
        "另有密钥 {0} 的签名无法核验",
        "a further signature, by key {0}, could not be checked",
    ),
    Code.STATEMENT_MALFORMED: ("声明格式不符合规定：{0}", "malformed statement: {0}"),
    Code.STATEMENT_UNKNOWN: (
        "本版本不支持的声明类型 {0}",
        "a kind of statement this version does not know: {0}",
    ),
    Code.HOST_MISMATCH: ("密钥 {0} 不属于主机 {1}", "key {0} is not that of host {1}"),
    Code.REPORT_INCONSISTENT: ("主机报告自相矛盾：{0}", "the report contradicts itself: {0}"),
    Code.VIEW_NOT_LIVE: (
        "数据取自录制或挂载的根目录（{0}），不是运行中的本机",
        "the facts are of a recorded or mounted root ({0}), not of the running host",
    ),
    Code.TABLES_HELD: ("{0} 张表的完整性校验值相符", "{0} tables have their digests"),
    Code.TABLE_MISSING: ("表 {0} 未提供", "table {0} is withheld or lost"),
    Code.TABLE_WRONG: ("表 {0} 与主机报告不符：{1}", "table {0} is not the report's: {1}"),
    Code.POLICIES_HELD: (
        "{0} 份检查策略的完整性校验值相符",
        "{0} policies have their digests",
    ),
    Code.POLICY_MISSING: ("检查策略 {0} 未提供", "policy {0} is withheld or lost"),
    Code.REGISTERS_HELD: ("{0} 份登记册的完整性校验值相符", "{0} registers have their digests"),
    Code.REGISTER_MISSING: ("登记册 {0} 未提供", "register {0} is withheld or lost"),
    Code.ASSIGNMENT_HELD: ("与服务器下发的配置相符", "agrees with the assignment it names"),
    Code.ASSIGNMENT_NONE: (
        "没有下发配置：检查哪些项目由本机自行选定",
        "nobody assigned this scan: the host chose what to run",
    ),
    Code.ASSIGNMENT_MISSING: ("所依据的下发配置未提供", "the assignment it names is not here"),
    Code.ASSIGNMENT_NOT_ESTABLISHED: (
        "所依据的下发配置签发人未确认",
        "the assignment it names is not by a trusted server",
    ),
    Code.ASSIGNMENT_DISAGREES: (
        "与所依据的下发配置不一致：{1}",
        "does not agree with its assignment: {1}",
    ),
    Code.ASSIGNMENT_ROLLED_BACK: (
        "第 {1} 份主机报告依据序号 {2} 的下发配置，此前已依据序号 {3}：疑似回退到旧配置",
        "report {1} was made under assignment {2}, an earlier one under {3}: rolled back",
    ),
    Code.TIMES_HELD: ("时间先后合理：{0} 至 {1}", "times in order: {0} to {1}"),
    Code.TIME_MALFORMED: ("时间 {0} 格式不对：{1}", "time {0} is malformed: {1}"),
    Code.TIMES_DISORDERED: (
        "时间先后颠倒：{0} 晚于 {1}（扫描中时钟被回拨，或记录不实）",
        "times out of order: {0} is after {1} (the clock was set back, or it lies)",
    ),
    Code.CLOCK_AHEAD: (
        "主机时钟比服务器快 {0} 秒",
        "the host's clock was {0} s ahead of the server's",
    ),
    Code.RECEIPT_HELD: (
        "服务器回执有效：{0} 收到，存证日志 {2} 第 {1} 条",
        "receipt valid: received {0}, entry {1} of {2}",
    ),
    Code.RECEIPT_MISSING: (
        "没有服务器回执（尚未上报，或导出时未包含）",
        "no receipt (not sent yet, or not exported)",
    ),
    Code.RECEIPT_WRONG: ("服务器回执错误：{0}", "receipt wrong: {0}"),
    Code.LOG_UNKNOWN: ("存证日志 {0} 不在信任目录中", "the log {0} is not trusted here"),
    Code.CHECKPOINT_WRONG: ("检查点错误：{0}", "checkpoint wrong: {0}"),
    Code.LOG_ROLLED_BACK: (
        "存证日志被回退：本报告记为第 {0} 条，而主机此前已见过 {1} 条",
        "the log was rolled back: entry {0}, and the host had seen {1} before",
    ),
    Code.LOG_FORKED: (
        "存证日志 {0} 出现分叉（同为 {1} 条而内容不同）",
        "the log {0} has forked (two roots of size {1})",
    ),
    Code.CHAIN_HELD: (
        "报告链连续：第 {1} 份至第 {2} 份",
        "chain unbroken: {1} to {2}",
    ),
    Code.CHAIN_GAP: ("报告链断档：缺第 {1} 份至第 {2} 份", "gap in the chain: {1} to {2} missing"),
    Code.CHAIN_FORK: (
        "报告链分叉（疑似克隆）：第 {1} 份有多个版本",
        "fork in the chain (suspected clone): several reports numbered {1}",
    ),
    Code.CHAIN_BROKEN: (
        "报告链断裂：第 {1} 份所指的前一份不符",
        "chain broken: number {1} names another predecessor",
    ),
    Code.CHAIN_SILENT: (
        "超出承诺的上报间隔：第 {1} 份扫描于 {3} 结束，第 {2} 份到 {4} 才开始",
        "silent for longer than promised: number {1} ended {3}, number {2} began {4}",
    ),
    Code.CHAIN_BACKWARDS: (
        "第 {2} 份的扫描时间早于第 {1} 份（主机时钟被回拨，或记录不实）",
        "number {2} was scanned before number {1}: the host's clock was set back, or it lies",
    ),
    Code.BLOB_UNSIGNED: (
        "数据块 {0} 未被任何声明引用，无法核验",
        "blob {0} is named by no statement, so nothing can be said about it",
    ),
    Code.BLOB_WRONG: ("数据块 {0} 与其校验值不符", "blob {0} does not have its digest"),
    Code.RECEIPT_UNUSED: (
        "回执 {0} 没有对应的材料",
        "the receipt for {0} belongs to nothing here",
    ),
    Code.NOTHING_SIGNED: ("没有任何已签名的内容", "nothing signed was found"),
    Code.NO_REPORT: (
        "其中没有主机报告，无任何主机的判定可复算",
        "it holds no report, so there is no verdict on any host to recompute",
    ),
}


def sentence(finding: Finding, lang: Lang) -> str:
    """What was found, as a sentence that is safe to print."""
    zh, en = _WORDS[finding.code]
    text = pick(lang, zh, en)
    for index, argument in enumerate(finding.args):
        text = text.replace(f"{{{index}}}", visible(_local(argument)))
    return text


def _local(argument: str) -> str:
    """`argument`, in Beijing time if it is a time."""
    try:
        return beijing(argument)
    except ValueError:
        return argument
