#!/bin/sh
set -eu
. "$(dirname "$0")/functions.sh"

data=/var/lib/postgresql/15/main

bake() {
  # Debian makes clusters without checksums; a hospital's has them.
  if [ ! -e "$data/PG_VERSION" ] || /usr/lib/postgresql/15/bin/pg_controldata "$data" | grep -q 'checksum version: *0'; then
    [ ! -e /etc/postgresql/15/main ] || pg_dropcluster 15 main
    pg_createcluster --locale C.UTF-8 15 main -- --data-checksums >/dev/null
  fi
  put 0644 postgres:postgres postgresql.conf /etc/postgresql/15/main/conf.d/lab.conf
  put 0640 postgres:postgres pg_hba.conf /etc/postgresql/15/main/pg_hba.conf
  put 0644 root:root his-db.sql /usr/share/lab/his-db.sql
  put 0644 root:root pgbackrest-db.conf /etc/pgbackrest.conf
  systemctl -q disable pgbackrest.service
}

start() {
  start_pgbackrest
  systemctl restart postgresql@15-main.service
  # Passwords go in by standard input: an argument could be seen by every user of the host.
  { for role in owner app monitor; do eval "echo \"\\\\set ${role}_password '\$HIS_$(echo "$role" | tr a-z A-Z)'\""; done
    cat /usr/share/lab/his-db.sql
  } | runuser -u postgres -- psql -qX -v ON_ERROR_STOP=1
  runuser -u postgres -- pgbackrest --stanza=his stanza-create
  runuser -u postgres -- pgbackrest --stanza=his check
}

main "$@"
