#!/bin/sh
# Ends the server that scripts/run.sh started, by the process id it wrote, and only if that
# process is still ours.
set -eu
cd "$(dirname "$0")/.."

pid_file=.run/server.pid
[ -s "$pid_file" ] || { echo "服务未运行 / the server is not running"; exit 0; }
pid=$(cat "$pid_file")
if tr '\0' ' ' 2>/dev/null < "/proc/$pid/cmdline" | grep -q 'anfang-server'; then
  kill "$pid"
  for _ in $(seq 100); do [ -d "/proc/$pid" ] || break; sleep 0.1; done
  [ -d "/proc/$pid" ] && { echo "进程 $pid 未能结束 / process $pid does not end" >&2; exit 1; }
  echo "服务已停止 / the server is stopped"
else
  echo "服务未运行 / the server is not running"
fi
rm -f "$pid_file"
