#!/bin/sh
# From nothing to a verified, signed scorecard, all on this machine and loopback: a server, a unit
# with the shipped policy, this host enrolled, one scan, its receipt, and the whole verified again
# offline. Running it again takes the next place in the chain. Everything it keeps lies in .run/.
set -eu
cd "$(dirname "$0")/.."

unit=示例单位
listen=${ANFANG_LISTEN:-127.0.0.1:8443}
url=https://$listen
run=$PWD/.run
bin=$PWD/.venv/bin
server=$run/server
agent=$run/agent

step() { printf '\n\033[1m▸ %s\033[0m\n' "$*" >&2; }

umask 077
mkdir -p "$run"

if [ ! -e "$server/anfang-server.toml" ]; then
  step "初始化服务器 / making a server"
  rm -rf "$server" "$agent"
  "$bin/anfang-server" init "$server" --host-name 127.0.0.1 --host-name localhost \
    --listen "$listen" > "$run/init.txt"
fi

# A process id may be another process's by now, after a restart of the machine for instance.
running() {
  [ -s "$run/server.pid" ] &&
    tr '\0' ' ' 2>/dev/null < "/proc/$(cat "$run/server.pid")/cmdline" | grep -qF "serve $server"
}
healthy() {
  "$bin/python" - "$url" "$server/ca.pem" <<'PY'
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[2])
urllib.request.urlopen(sys.argv[1] + "/v1/healthz", timeout=2, context=context).read()
PY
}
if ! running; then
  step "启动服务 / starting the server: $url"
  nohup "$bin/anfang-server" serve "$server" >> "$run/server.log" 2>&1 < /dev/null &
  echo $! > "$run/server.pid"
  tries=0
  until healthy 2> "$run/health.txt"; do
    tries=$((tries + 1))
    if ! running || [ "$tries" -gt 100 ]; then
      rm -f "$run/server.pid"
      echo "服务未能启动，日志 / the server did not start, its log: $run/server.log" >&2
      tail -n 5 "$run/server.log" >&2
      exit 3
    fi
    sleep 0.1
  done
fi

if [ ! -e "$run/unit" ]; then
  step "新增单位，下发检查策略 / a unit, and its policy"
  "$bin/anfang-server" unit add --data "$server" "$unit"
  # One register is adopted, as an example; the checks that need the others say that they are missing.
  "$bin/anfang-server" unit assign --data "$server" "$unit" --policy cii-host \
    --register zones=docs/examples/zones.csv
  touch "$run/unit"
fi

if [ ! -e "$agent/assignment.json" ]; then
  step "纳管本机 / enrolling this host"
  "$bin/anfang-server" token create --data "$server" "$unit" --zone 管理信息大区 > "$run/token.txt"
  grep -o 'anf1\.[^ ]*' "$run/token.txt" \
    | "$bin/anfang" enroll "$url" --token - --state "$agent"
  rm -f "$run/token.txt"
fi

step "扫描本机 / scanning this host"
newest() { ls "$agent/spool" 2>/dev/null | tail -n 1; }
before=$(newest)
# 1 and 3 are answers: something does not conform, or could not be judged. So is 3 where nothing
# was scanned at all, which the chain tells apart.
"$bin/anfang" scan --state "$agent" || [ $? -ne 2 ]
if [ "$(newest)" = "$before" ]; then
  echo "本次没有产生主机报告 / this scan made no report" >&2
  exit 3
fi

step "上报，取回并核验服务器回执 / sending, and checking the receipt"
"$bin/anfang" send --state "$agent"

step "离线复算：签名、报告链、回执、每项判定和得分 / everything again, offline"
host=$("$bin/python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["id"])' "$agent/host.json")
rm -rf "$run/trust"
"$bin/anfang-server" trust --data "$server" "$run/trust" >/dev/null
"$bin/anfang-server" export --data "$server" "$host" "$run/report.parcel" >/dev/null
"$bin/anfang" verify --trust "$run/trust" "$run/report.parcel" || [ $? -eq 3 ]

step "完成 / done"
cat <<TXT
页面 page      $url/
$(cat "$run/init.txt")
核验 verify    .venv/bin/anfang verify --trust .run/trust .run/report.parcel
停止 stop      make stop
TXT
