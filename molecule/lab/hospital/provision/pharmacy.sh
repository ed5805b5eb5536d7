#!/bin/sh
set -eu
. "$(dirname "$0")/functions.sh"

bake() {
  install_software pharmacy-demo
  put 0644 root:root mariadb.cnf /etc/mysql/mariadb.conf.d/90-lab.cnf
  put 0644 root:root pharmacy-seed.sql /usr/share/lab/pharmacy-seed.sql
}

start() {
  systemctl restart mariadb.service
  {
    echo "CREATE DATABASE IF NOT EXISTS pharmacy CHARACTER SET utf8mb4;"
    echo "CREATE USER IF NOT EXISTS 'pharmacy'@'localhost';"
    echo "ALTER USER 'pharmacy'@'localhost' IDENTIFIED BY '$PHARMACY';"
    echo "GRANT SELECT, INSERT, UPDATE ON pharmacy.* TO 'pharmacy'@'localhost';"
    echo "USE pharmacy;"
    cat /usr/share/pharmacy-demo/schema.sql /usr/share/lab/pharmacy-seed.sql
  } | mariadb --default-character-set=utf8mb4
  printf '[client]\nuser=pharmacy\npassword=%s\ndatabase=pharmacy\nsocket=/run/mysqld/mysqld.sock\n' "$PHARMACY" |
    secret 0640 root:pharmacy-demo /etc/pharmacy-demo/db.cnf
  systemctl restart pharmacy-demo.service
}

main "$@"
