#!/bin/sh
# Make the secrets of compose.yaml in ./secrets, those that are not there yet; it may be run again.
#   sudo sh make-secrets.sh
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets

# Write standard input to a new file of that name; leave the one that is there alone.
new() {
    if [ -e "secrets/$1" ]; then cat > /dev/null; else cat > "secrets/$1"; fi
}

random() { openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n'; }

openssl rand -base64 32 | new master-key
printf 'lfx_local_%s\n' "$(random)" | new bootstrap-key
random | new database-password
printf 'postgresql://gateway:%s@postgresql/gateway\n' "$(cat secrets/database-password)" | new database-url

# The gateway runs as this user, and nobody else reads them.
chown -R 10001:10001 secrets
