#!/bin/bash
# Boot systemd as the first process of namespaces that unshare(1) made: with this machine's programs, with none of its
# services, and with files of its own over those of /etc, /opt, /usr/local and /var, which are gone with it. It ends
# with its standard input.
set -eu
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
for folder in /etc /opt /usr/local /var; do
  own="/run/own$folder"
  mkdir -p "$own/upper" "$own/work"
  mount -t overlay -o "lowerdir=$folder,upperdir=$own/upper,workdir=$own/work" overlay "$folder"
done
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
fi

mount -t tmpfs -o mode=755 tmpfs /lib/systemd/system
rm -rf /etc/systemd/system
mkdir -p /etc/systemd/system
cd /lib/systemd/system
for target in sysinit basic shutdown network-online multi-user timers; do
  printf '[Unit]\nDefaultDependencies=no\n' >"$target.target"
done
# What systemd-run(1) talks to systemd by.
printf '[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=/run/dbus/system_bus_socket\n' >dbus.socket
printf '%s\n' '[Unit]' DefaultDependencies=no Requires=dbus.socket '[Service]' Type=notify \
  'ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation' >dbus.service
# As systemd does itself where it is not told of a container: what it mounts for a service, the service sees.
mount --make-rshared /
(cat >/dev/null; kill -s RTMIN+14 1) <&0 & # poweroff, systemd(1); a SIGKILL from inside does nothing
export container=tests
exec /lib/systemd/systemd --system --unit=basic.target --log-target=console --log-level=warning --show-status=0 </dev/null
