#!/bin/sh
set -eu
. "$(dirname "$0")/functions.sh"

bake() {
  install_software report-demo
  rm -f /etc/nginx/sites-enabled/default
  ln -sf ../sites-available/report-demo /etc/nginx/sites-enabled/report-demo
}

start() {
  # One address of the two: a report is worth a retry tomorrow, not a certificate on a plain file server.
  echo HIS_URL=http://his-app1:8080 >/etc/report-demo/report-demo.conf
  systemctl restart report-demo.timer
  systemctl start report-demo.service
  systemctl reload-or-restart nginx.service
}

main "$@"
