#!/bin/sh
# Makes .venv from the hashed requirements named as arguments ("server", "dev") and installs this
# checkout into it. Does nothing when it is up to date. These package names are this project's
# own: never install them into a shared interpreter (docs/adr/0001).
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

# Debian's own first: another one may lie where only its owner can run it.
python=/usr/bin/python3.11
[ -x "$python" ] || python=$(command -v python3.11 || true)
if [ -z "$python" ]; then
  say "缺少 python3.11。Debian 12: apt-get install python3.11 python3.11-venv"
  say "python3.11 is missing. Debian 12: apt-get install python3.11 python3.11-venv"
  exit 1
fi

# Debian keeps ensurepip in a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "正在安装 python3.11-venv … installing python3.11-venv"
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends python3.11-venv >/dev/null
  else
    say "缺少 venv 模块。请以 root 执行：apt-get install python3.11-venv"
    say "The venv module is missing. As root: apt-get install python3.11-venv"
    exit 1
  fi
fi

files="requirements/build.txt"
for name in "$@"; do files="$files requirements/$name.txt"; done
# shellcheck disable=SC2086  # a list of file names without blanks
stamp=$(cat $files pyproject.toml | sha256sum | cut -d' ' -f1)
# The scan child may write no file, so what it imports has to be compiled before it starts.
compile_all() { .venv/bin/python -m compileall -q agent collectors evidence facts policies server; }

if [ -x .venv/bin/anfang ] && grep -qsx "$stamp" .venv/anfang-stamp; then compile_all; exit 0; fi

[ -x .venv/bin/python ] || { say "正在创建 .venv … creating .venv"; "$python" -m venv .venv; }
for file in $files; do
  say "正在安装 $file … installing $file"
  .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$file"
done
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
printf '%s\n' "$stamp" >> .venv/anfang-stamp
compile_all
