"""Where logs are sent on to: rsyslog, syslog-ng, journal-upload, audisp-remote.

Host and port only; what stands before an `@` in an address is a credential and is dropped. A
target counts as encrypted when the sender is told to use TLS (or Kerberos, which audisp-remote
has instead) and to find out who is at the other end.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from collectors.config import drop_ins, first, lines, present, settings
from collectors.host import Host
from evidence.canonical import Cell

_RSYSLOG = "/etc/rsyslog.conf"
_SYSLOG_NG = "/etc/syslog-ng/syslog-ng.conf"
_UPLOAD = tuple(
    f"{directory}/systemd/journal-upload.conf" for directory in ("/etc", "/run", "/usr/lib")
)
_AUDIT_PLUGINS = ("/etc/audit/plugins.d", "/etc/audisp/plugins.d")
_AUDIT_REMOTE = ("/etc/audit/audisp-remote.conf", "/etc/audisp/audisp-remote.conf")
_SELECTOR = re.compile(
    r"^\S+\s+(?:@@?(?:\([^)]*\))?|:omrelp:)(\[[^\]\s]+\]|[^:;\s\[]+)(?::(\d+))?", re.MULTILINE
)
"""`*.* @@host:port`, the old form; also with options and over RELP."""
_ACTION = re.compile(r"action\s*\(([^)]*)\)", re.IGNORECASE)
_PARAMETER = re.compile(r"(\w+)\s*=\s*\"([^\"]*)\"")
_DESTINATION = re.compile(r"destination\s+\S+\s*\{(.*?)\}\s*;", re.DOTALL)
_DRIVER = re.compile(
    r"\b(?:network|syslog|tcp6?|udp6?)\s*\(\s*[\"']?([^\"'\s()]+)[\"']?"
    r"((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)"
)
_PORT = re.compile(r"\bport\s*\(\s*[\"']?(\d+)")
_TLS = re.compile(r"\btls\s*\(")
_UNVERIFIED = re.compile(r"\bpeer-verify\s*\(\s*[\"']?(?:no|optional)", re.IGNORECASE)
_OLD_MODE = re.compile(r"^\$ActionSendStreamDriverMode\s+1\b", re.MULTILINE | re.IGNORECASE)
_OLD_PEER = re.compile(
    r"^\$ActionSendStreamDriverAuthMode\s+x509/(?:name|fingerprint|certvalid)\b",
    re.MULTILINE | re.IGNORECASE,
)
_PEER = ("x509/name", "x509/fingerprint", "x509/certvalid", "name", "fingerprint", "certvalid")
"""How rsyslog may be told to check the other end: omfwd's words, then omrelp's."""


def forwards(host: Host) -> Iterator[dict[str, Cell]]:
    """One row for each target; a forwarder without its main file is not in use."""
    for found in (_rsyslog, _syslog_ng, _journal_upload, _audit):
        for target, source, encrypted in found(host):
            yield {
                "name": target,
                "kind": "forward",
                "forwarded": 1,
                "target": target,
                "encrypted": int(encrypted),
                "source": source,
            }


def _rsyslog(host: Host) -> Iterator[tuple[str, str, bool]]:
    if not present(host, _RSYSLOG):
        return
    for path in (_RSYSLOG, *drop_ins(host, ["/etc/rsyslog.d"])):
        text = _text(host, path)
        by_lines = bool(_OLD_MODE.search(text) and _OLD_PEER.search(text))
        for found in _SELECTOR.finditer(text):
            encrypted = by_lines and "@@" in found[0]
            yield _target(found[1], found[2] or "514"), path, encrypted
        for action in _ACTION.findall(text):
            said = {key.lower(): value for key, value in _PARAMETER.findall(action)}
            if said.get("type") in ("omfwd", "omrelp") and said.get("target"):
                tls = said.get("streamdrivermode") == "1" or said.get("tls", "").lower() == "on"
                peer = said.get("streamdriverauthmode") or said.get("authmode", "")
                encrypted = tls and peer.lower() in _PEER
                yield _target(said["target"], said.get("port", "514")), path, encrypted


def _syslog_ng(host: Host) -> Iterator[tuple[str, str, bool]]:
    if not present(host, _SYSLOG_NG):
        return
    for path in (_SYSLOG_NG, *drop_ins(host, ["/etc/syslog-ng/conf.d"])):
        for block in _DESTINATION.findall(_text(host, path)):
            for name, options in _DRIVER.findall(block):
                port = _PORT.search(options)
                encrypted = bool(_TLS.search(options)) and not _UNVERIFIED.search(options)
                yield _target(name, port[1] if port else "514"), path, encrypted


def _journal_upload(host: Host) -> Iterator[tuple[str, str, bool]]:
    main = first(host, *_UPLOAD)
    paths = drop_ins(host, [f"{path}.d" for path in _UPLOAD])
    said = settings(host, [*([main] if main else []), *paths], "Upload")
    if "URL" in said:
        url, source = said["URL"]
        parts = urlsplit(url if "//" in url else f"https://{url}")
        checked = said.get("TrustedCertificateFile", ("", ""))[0].lower() not in ("all", "-")
        encrypted = parts.scheme == "https" and checked
        yield _target(parts.hostname or "", str(parts.port or 19532)), source, encrypted


def _audit(host: Host) -> Iterator[tuple[str, str, bool]]:
    plugins = [f"{directory}/au-remote.conf" for directory in _AUDIT_PLUGINS]
    if not any(_assignments(host, path).get("active") == "yes" for path in plugins):
        return
    for path in _AUDIT_REMOTE:
        said = _assignments(host, path)
        if said.get("remote_server"):
            encrypted = (
                said.get("enable_krb5", "").lower() == "yes"
                or said.get("transport", "").lower() == "krb5"
            )
            yield _target(said["remote_server"], said.get("port", "60")), path, encrypted


def _assignments(host: Host, path: str) -> dict[str, str]:
    said = (line.text.partition("=") for line in lines(host, path))
    return {key.strip().lower(): value.strip() for key, _, value in said}


def _text(host: Host, path: str) -> str:
    return "\n".join(line.text for line in lines(host, path))


def _target(name: str, port: str) -> str:
    return f"{name.rpartition('@')[2]}:{port}"
