#!/bin/sh
set -eu
. "$(dirname "$0")/functions.sh"

bake() {
  install_software his-demo his-demo-common
  put 0644 root:root his-seed.sql /usr/share/lab/his-seed.sql
}

start() {
  echo "host=his-db1 dbname=his user=his_app password=$HIS_APP" | secret 0640 root:his-demo /etc/his-demo/db.dsn
  echo "host=his-db1 dbname=his user=his_owner password=$HIS_OWNER" | secret 0600 root:root /etc/his-demo/owner.dsn
  his-demo-migrate
  if [ "$(hostname)" = his-app1 ]; then
    PGPASSWORD=$HIS_OWNER psql -qX -v ON_ERROR_STOP=1 -h his-db1 -U his_owner -d his -f /usr/share/lab/his-seed.sql
  fi
  systemctl restart his-demo.service
}

main "$@"
