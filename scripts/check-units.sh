#!/bin/sh
# Every unit parses, and stays as confined as it is: the exposure may not rise above the threshold
# (tenths of systemd-analyze's scale; USBGuard's unit stands at 29).
set -eu
cd "$(dirname "$0")/.."

if ! command -v systemd-analyze >/dev/null; then
  echo "systemd-analyze is missing: apt-get install systemd" >&2
  exit 1
fi
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
for entry in anfang-agent:29 anfang-server:13; do
  unit=${entry%:*}.service
  # The programs live in /opt/anfang on a real host; verify wants an executable that exists here.
  sed 's|/opt/anfang/bin/anfang[a-z-]*|/bin/true|' "systemd/$unit" > "$copy/$unit"
  said=$(systemd-analyze verify --man=no "$copy/$unit" 2>&1) || { echo "$said" >&2; exit 1; }
  [ -z "$said" ] || { echo "$said" >&2; exit 1; }
  systemd-analyze security --offline=true --no-pager --threshold="${entry#*:}" "systemd/$unit" \
    > "$copy/report" || { tail -n 1 "$copy/report" >&2; exit 1; }
done
