#!/bin/sh
set -eu
. "$(dirname "$0")/functions.sh"

bake() {
  # PostgreSQL's programs, and no server: Debian makes a cluster that nobody here wants.
  [ ! -e /etc/postgresql/15/main ] || pg_dropcluster 15 main
  put 0644 root:root pgbackrest-drill.conf /etc/pgbackrest.conf
  systemctl -q disable pgbackrest.service
}

start() {
  give_tls postgres /etc/pgbackrest/tls
}

main "$@"
