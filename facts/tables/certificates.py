"""The table of certificates."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

_ANCHORS = (
    "/usr/local/share/ca-certificates",
    "/etc/pki/ca-trust/source/anchors",
    "/etc/pki/trust/anchors",
)
_SERVICES = (
    *("/etc/ssl", "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/nginx", "/etc/httpd"),
    *("/etc/apache2", "/etc/haproxy", "/etc/postfix", "/etc/dovecot", "/etc/openvpn"),
    *("/etc/ipsec.d", "/etc/swanctl", "/etc/etcd", "/etc/kubernetes/pki"),
    *("/etc/docker/certs.d", "/etc/letsencrypt/live"),
)

CERTIFICATES = TableSpec(
    name="certificates",
    version=1,
    doc=Words(
        "本机信任的和服务所用的证书。", "Certificates that this host trusts, and those of services."
    ),
    source=(
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/ca-bundle.pem",
        *(
            f"{directory}/{part}"
            for directory in (*_ANCHORS, *_SERVICES)
            for part in ("*.crt", "*.cer", "*.pem", "*/*.crt", "*/*.cer", "*/*.pem")
        ),
    ),
    privilege="root",
    osquery=True,
    notes=Words(
        "osquery 只看系统信任库；本系统还看管理员加入的和服务目录下两层以内的证书，`purpose` 指明是"
        "哪一类。私钥从不打开：名称像密钥的文件一律跳过；并非人人可读的 `.pem` 可能同时含有私钥，"
        "不打开，此表记为不完整。同一张证书在几个文件中，就有几行。国密证书的签名算法为 "
        "`SM2-with-SM3`，曲线为 `sm2`。",
        "osquery looks at the trusted ones only; those that administrators added, and those of "
        "services in directories and one level below, are rows too, told apart by `purpose`. "
        "Private keys are never opened: a file named as one is passed over, a `.pem` that not "
        "everybody may read may hold one and is not opened, which makes the table partial. A "
        "certificate in several files is several rows. Those of Chinese national algorithms have "
        "`SM2-with-SM3` and the curve `sm2`.",
    ),
    columns=(
        Column(
            "common_name", Type.TEXT, "使用者的通用名；没有时为空。", "Common name; empty if none."
        ),
        Column(
            "subject",
            Type.TEXT,
            "使用者，以 `/` 分隔（旧式写法）。",
            "Subject in parts that begin with `/` (the old way).",
        ),
        Column(
            "issuer",
            Type.TEXT,
            "颁发者，以 `/` 分隔（旧式写法）。",
            "Issuer in parts that begin with `/` (the old way).",
        ),
        Column("subject2", Type.TEXT, "使用者，以逗号分隔。", "Subject, separated by commas."),
        Column("issuer2", Type.TEXT, "颁发者，以逗号分隔。", "Issuer, separated by commas."),
        Column("ca", Type.INTEGER, "可签发证书为 1，否则为 0。", "1 for an authority, else 0."),
        Column("self_signed", Type.INTEGER, "自签名为 1，否则为 0。", "1 if self-signed, else 0."),
        Column(
            "not_valid_before",
            Type.TEXT,
            "生效时间，Unix 时间戳（秒）。",
            "Start of validity, in seconds from 1970-01-01 UTC.",
        ),
        Column(
            "not_valid_after",
            Type.TEXT,
            "失效时间，Unix 时间戳（秒）。",
            "End of validity, likewise.",
        ),
        Column(
            "signing_algorithm",
            Type.TEXT,
            "签名算法，如 `sha256WithRSAEncryption`；不认识的为其编号。",
            "Algorithm of the signature, such as `sha256WithRSAEncryption`; its number if unknown.",
        ),
        Column(
            "key_algorithm",
            Type.TEXT,
            "公钥算法，如 `rsaEncryption`；不认识的为其编号。",
            "Algorithm of the key, such as `rsaEncryption`; its number if unknown.",
        ),
        Column(
            "key_strength",
            Type.TEXT,
            "RSA 和 DSA 为密钥位数，椭圆曲线为曲线名，其他为空。",
            "Bits of an RSA or DSA key, name of an elliptic curve, empty for others.",
        ),
        Column(
            "key_usage",
            Type.TEXT,
            "密钥用途，以逗号分隔；未限定时为空。",
            "Uses of the key, separated by commas; empty if not limited.",
        ),
        Column(
            "subject_key_id",
            Type.TEXT,
            "使用者密钥标识，十六进制；没有时为空。",
            "Identifier of the subject's key, in hexadecimal; empty if none.",
        ),
        Column(
            "authority_key_id",
            Type.TEXT,
            "颁发者密钥标识，十六进制；没有时为空。",
            "Identifier of the issuer's key, in hexadecimal; empty if none.",
        ),
        Column(
            "sha1",
            Type.TEXT,
            "整张证书的 SHA-1，十六进制；只用于识别。",
            "SHA-1 of the certificate, in hexadecimal; to tell it by, not to trust it for.",
        ),
        Column("path", Type.TEXT, "所在的文件。", "File it is in."),
        Column("serial", Type.TEXT, "序列号，十六进制。", "Serial number, in hexadecimal."),
        Column(
            "purpose",
            Type.TEXT,
            "`trust` 系统信任库，`anchor` 管理员加入的，`service` 服务所用。",
            "`trust` for what the system trusts, `anchor` for what administrators added, or "
            "`service`.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (CERTIFICATES,)
