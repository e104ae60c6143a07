#!/bin/sh
# The programs and data the tests use, from Debian's packages: real USB devices through libudev
# (umockdev), a real browser, network tools, daemons. Installs only what is missing.
set -eu

packages="umockdev gir1.2-umockdev-1.0 python3-gi libudev1 chromium fonts-noto-cjk
  dmidecode iproute2 openssh-server openssh-client nftables iptables kmod procps util-linux libcap2-bin
  passwd systemd usb.ids openssl iw auditd faketime libseccomp2 redis-server rpm db5.3-util debsums file
  pciutils pci.ids usbguard"

missing=""
for package in $packages; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
    missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
  printf '缺少测试所需软件包，请以 root 执行：apt-get install%s\n' "$missing" >&2
  printf 'Packages the tests need are missing. As root: apt-get install%s\n' "$missing" >&2
  exit 1
fi
printf '正在安装测试所需软件包 / installing%s\n' "$missing" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# Daemons are test subjects here; none is to start with the machine. A host's own rule stays.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  trap 'exit 130' HUP INT TERM  # so that the rule goes, too, when this is broken off
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
  chmod +x /usr/sbin/policy-rc.d
fi
# shellcheck disable=SC2086  # a list of package names
apt-get install -y -qq --no-install-recommends $missing >/dev/null
