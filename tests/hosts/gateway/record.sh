#!/bin/sh
# Records a gateway: a network, a host name and mounts of its own on any Linux host.
#   sh tests/hosts/gateway/record.sh OUT.tar.gz       (root, iproute2, nftables)
set -eu
[ "${1:-}" = inside ] || exec unshare --uts --mount --net sh "$0" inside "$1"
hostname gw1
mount -t sysfs sysfs /sys
awk '$5 ~ "^/mnt/" { print $5 }' /proc/self/mountinfo | xargs -r umount -l
address() { ip link set "$1" address "$2"; }
ip link set lo up
ip link add wan0 type veth peer name wan0-far
ip link add eth1 type veth peer name eth1-far
ip link add eth2 type veth peer name eth2-far
ip link add br-lan type bridge
ip tuntap add tun0 mode tun
address wan0 02:00:00:00:00:01
address wan0-far 02:00:00:00:01:01
address eth1 02:00:00:00:00:02
address eth1-far 02:00:00:00:01:02
address eth2 02:00:00:00:00:03
address eth2-far 02:00:00:00:01:03
address br-lan 02:00:00:00:00:02
ip link set eth1 master br-lan
for link in wan0 wan0-far eth1 eth1-far eth2 eth2-far br-lan tun0; do
  ip link set $link up
done
ip link set br-lan promisc on
ip address add 203.0.113.2/24 dev wan0
ip address add 10.10.0.1/24 dev br-lan
ip address add 10.20.0.1/24 dev eth2
ip address add 10.8.0.1 peer 10.8.0.2 dev tun0
ip route add default via 203.0.113.1
ip route add 10.30.0.0/16 via 10.20.0.254 metric 50
ip neighbour add 10.10.0.7 lladdr 02:00:00:00:00:07 dev br-lan
sysctl -qw net.ipv4.ip_forward=1
nft -f - <<'RULES'
table inet filter {
  chain input {
    type filter hook input priority 0; policy drop;
    iifname "lo" accept
    tcp dport 22 ip saddr 10.20.0.0/24 accept
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    iifname "br-lan" oifname "wan0" accept
    ct state established,related accept
  }
}
table ip nat {
  chain post {
    type nat hook postrouting priority 100;
    oifname "wan0" masquerade
  }
}
RULES
cd "$(dirname "$0")/../../.."
.venv/bin/anfang record --out "$2" --tables \
  interface_details,interface_addresses,routes,network_links,nftables_rules,iptables,arp_cache,system_controls,os_version
.venv/bin/python -m tests.hosts.retold "$2"
