#!/bin/sh
set -eu
. "$(dirname "$0")/functions.sh"

bake() {
  # PostgreSQL's programs, and no server: Debian makes a cluster that nobody here wants.
  [ ! -e /etc/postgresql/15/main ] || pg_dropcluster 15 main
  put 0644 root:root pgbackrest-drill.conf /etc/pgbackrest.conf
  systemctl -q disable pgbackrest.service
  # The application is here to be started against a copy, never by itself.
  install_software his-demo his-demo-common
  systemctl -q disable his-demo.service
  put 0755 root:root his-demo-on-copy /usr/local/bin/his-demo-on-copy
}

start() {
  give_tls postgres /etc/pgbackrest/tls
}

main "$@"
