#!/bin/sh
# Install the gateway as a service of systemd, or a newer version of it over an older one. As root, in this folder:
#   ./install.sh ../../requirements-gateway.txt ../../dist/linkfox_amazon_auth-VERSION-py3-none-any.whl
# Settings and secrets in /etc/linkfox-gateway that are there stay as they are. Nothing is started.
set -eu
[ $# -eq 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
requirements=$(realpath "$1") wheel=$(realpath "$2")
cd "$(dirname "$0")"
umask 022
python=/opt/linkfox-gateway/bin/python
[ -x "$python" ] || python3 -m venv /opt/linkfox-gateway
"$python" -m pip install --quiet --require-hashes -r "$requirements"
"$python" -m pip install --quiet --no-deps --force-reinstall "$wheel"

etc=/etc/linkfox-gateway units=/etc/systemd/system
install -d -m 0700 "$etc"
[ -e "$etc/environment" ] || install -m 0600 ../settings.env.sample "$etc/environment"
[ -e "$etc/GATEWAY_MASTER_KEY" ] || (umask 077 && head -c 32 /dev/urandom | base64 >"$etc/GATEWAY_MASTER_KEY")
install -m 0644 linkfox-gateway.service linkfox-gateway-backup.service linkfox-gateway-backup.timer "$units"
[ -e "$units/linkfox-.service.d/secrets.conf" ] || install -D -m 0644 -t "$units/linkfox-.service.d" linkfox-.service.d/secrets.conf
install -D -m 0755 linkfox-gateway /usr/local/bin/linkfox-gateway
systemctl daemon-reload
