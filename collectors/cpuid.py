"""What the processor can do, as the kernel uses it.

The instruction CPUID cannot be asked from here, and says less: it knows nothing of what the
kernel has switched off. /proc/cpuinfo of x86 has a vendor and a line of flags; processors of
other architectures have no CPUID and no row.
"""

import re

from collectors.config import decoded
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import Status, condition

_CPUINFO = "/proc/cpuinfo"
_NOT_X86 = "IBM/S390"
"""The one other architecture with a line `vendor_id`."""
_FLAGS = {
    ("1", "edx"): (
        "5 msr, 6 pae, 11 sep, 12 mtrr, 13 pge, 14 mca, 16 pat, 19 clfsh=clflush, 22 acpi, "
        "23 mmx, 25 sse, 26 sse2, 27 ss, 28 htt=ht, 30 ia64"
    ),
    ("1", "ecx"): (
        "0 sse3=pni, 5 vmx, 6 smx, 9 ssse3, 11 sdbg, 15 pdcm, 17 pcid, 18 dca, 19 sse4.1=sse4_1, "
        "20 sse4.2=sse4_2, 25 aes, 28 avx, 31 hypervisor"
    ),
    ("7", "ebx"): (
        "2 sgx, 4 hle, 5 avx2, 7 smep, 8 bmi2, 9 erms, 10 invpcid, 11 rtm, 12 pqm=cqm, 14 mpx, "
        "15 pqe=rdt_a, 16 avx512f, 17 avx512dq, 18 rdseed, 19 adx, 20 smap, 25 intel_pt, "
        "29 sha=sha_ni"
    ),
    ("7", "ecx"): "2 umip, 3 pku, 4 ospke, 8 gfni, 9 vaes, 30 sgx_lc",
    ("2147483649", "edx"): "20 nx, 26 page1gb=pdpe1gb, 29 lm",
    ("2147483649", "ecx"): (
        "0 lahfsahf=lahf_lm, 2 svm, 8 3dnowprefetch, 10 ibs, 12 skinit, 15 lwp"
    ),
}
"""By input and register: bit and osquery's name of a feature, and the kernel's if it differs."""
_FLAG = re.compile(r"(\d+) ([^ ,=]+)(?:=([^ ,]+))?")


@running_only(_CPUINFO)
def cpuid(host: Host, columns: frozenset[str]) -> Observed:
    """Vendor, name, family and features of the first processor."""
    del columns
    said = _first_processor(decoded(host.read(_CPUINFO)))
    vendor = said.get("vendor_id", _NOT_X86)
    malformed = condition(Status.UNREADABLE, "malformed_source", _CPUINFO)
    if vendor == _NOT_X86 and "flags" not in said:
        return Observed(()) if len(said) > 1 else Observed((), malformed)
    family = said.get("cpu family", "")
    if "flags" not in said or not family.isdecimal():
        return Observed((), malformed)
    rows = [
        _row("vendor", vendor, "ebx,edx,ecx", 0, "0"),
        _row("product_name", said.get("model name", ""), "eax,ebx,ecx,edx", 0, "0x80000002"),
        _row("family", f"{min(int(family), 15) << 8:04x}", "eax", 0, "1"),
    ]
    flags = said["flags"].split()
    for (leaf, register), features in _FLAGS.items():
        for bit, feature, flag in _FLAG.findall(features):
            value = str(int((flag or feature) in flags))
            rows.append(_row(feature, value, register, int(bit), leaf))
    return Observed(rows)


def _first_processor(text: str) -> dict[str, str]:
    """The first block's fields; its name of a field is followed by tabs."""
    block = text.strip("\n").partition("\n\n")[0]
    fields = (line.partition(":") for line in block.split("\n"))
    return {name.strip(): value.strip() for name, colon, value in fields if colon}


def _row(feature: str, value: str, register: str, bit: int, leaf: str) -> dict[str, Cell]:
    return {
        "feature": feature,
        "value": value,
        "output_register": register,
        "output_bit": bit,
        "input_eax": leaf,
    }
