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
    # For inspections: an account that can read no row (docs/mysql.md).
    echo "CREATE USER IF NOT EXISTS 'his_monitor'@'localhost';"
    echo "ALTER USER 'his_monitor'@'localhost' IDENTIFIED BY '$PHARMACY_MONITOR';"
    echo "GRANT PROCESS, SHOW VIEW, SLAVE MONITOR ON *.* TO 'his_monitor'@'localhost';"
    echo "GRANT SELECT ON mysql.innodb_index_stats TO 'his_monitor'@'localhost';"
    echo "GRANT SELECT ON mysql.innodb_table_stats TO 'his_monitor'@'localhost';"
    echo "GRANT SELECT ON performance_schema.* TO 'his_monitor'@'localhost';"
    echo "USE pharmacy;"
    cat /usr/share/pharmacy-demo/schema.sql /usr/share/lab/pharmacy-seed.sql
  } | mariadb --default-character-set=utf8mb4
  printf '[client]\nuser=pharmacy\npassword=%s\ndatabase=pharmacy\nsocket=/run/mysqld/mysqld.sock\n' "$PHARMACY" |
    secret 0640 root:pharmacy-demo /etc/pharmacy-demo/db.cnf
  printf '[client]\nuser=his_monitor\npassword=%s\n' "$PHARMACY_MONITOR" | secret 0600 mysql:mysql /etc/maintkit-my.cnf
  systemctl restart pharmacy-demo.service
}

main "$@"
