#!/bin/sh
# Records a laptop's devices: emulated ones (tests/devices) in a host name and mounts of its own.
#   sh tests/hosts/laptop/record.sh OUT.tar.gz        (root, umockdev)
set -eu
[ "${1:-}" = inside ] || exec unshare --uts --mount sh "$0" inside "$1"
hostname notebook
# The databases of names are others' texts, and what a site mounts is its own affair.
for directory in /usr/share/misc /usr/share/hwdata /var/lib/usbutils; do
  [ ! -d $directory ] || mount -t tmpfs none $directory
done
awk '$5 ~ "^/mnt/" { print $5 }' /proc/self/mountinfo | xargs -r umount -l
cd "$(dirname "$0")/../../.."
umockdev-run \
  --device tests/devices/laptop.umockdev --device tests/devices/radio.umockdev \
  --device tests/devices/camera.umockdev --device tests/devices/headset.umockdev \
  --device tests/devices/stick.umockdev -- \
  .venv/bin/anfang record --out "$2" --tables \
  usb_devices,usb_interfaces,block_devices,wireless_devices,capture_devices,bluetooth_adapters,rfkill,displays,tpm_info
.venv/bin/python -m tests.hosts.retold "$2"
