#!/bin/sh
set -eu
. "$(dirname "$0")/functions.sh"

bake() {
  put 0644 root:root pgbackrest-repository.conf /etc/pgbackrest.conf
  for name in @.service @full.timer @diff.timer; do
    put 0644 root:root "pgbackrest-backup$name" "/etc/systemd/system/pgbackrest-backup$name"
  done
  systemctl -q disable pgbackrest.service
  systemctl -q enable pgbackrest-backup@full.timer pgbackrest-backup@diff.timer
  rm -f /etc/nginx/sites-enabled/default
}

start() {
  start_pgbackrest
  sed "s#@ARCHIVE@#$ARCHIVE#" "$KIT/files/nginx-archive.conf" >/etc/nginx/sites-enabled/archive
  systemctl restart pgbackrest-backup@full.timer pgbackrest-backup@diff.timer
  systemctl reload-or-restart nginx.service
}

main "$@"
