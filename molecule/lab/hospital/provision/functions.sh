# shellcheck shell=sh
# What the roles share. KIT holds files/, debs/, and on a booted host lab.env and tls/.
KIT=${KIT:-/opt/lab}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

die() { echo "provision: $*" >&2; exit 1; }

# The hospital's own packages, from files: at this time there is no archive yet.
install_software() {
  for name in "$@"; do set -- "$@" "$KIT/debs/${name}"_*.deb; shift; done
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Debian's packages in the old version wherever they are installed: something to be patched later.
age_packages() {
  old=""
  for deb in "$KIT"/debs/old/*.deb; do
    [ -e "$deb" ] || continue
    name=$(dpkg-deb -f "$deb" Package)
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ] || old="$old $deb"
  done
  # shellcheck disable=SC2086  # a list of files
  [ -z "$old" ] || apt-get install -y -qq --no-install-recommends --allow-downgrades $old >/dev/null
}

# From now on packages come from the lab's archive only: the hosts reach no mirror.
forget_mirrors() {
  rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/* "$KIT/debs"
}

# put MODE OWNER FILE PLACE: a file of the kit, only written when it differs.
put() {
  cmp -s "$KIT/files/$3" "$4" || install -D -m "$1" -o "${2%:*}" -g "${2#*:}" "$KIT/files/$3" "$4"
}

# secret MODE OWNER PLACE: standard input as a file that nobody else could read for a moment.
secret() {
  (umask 077; cat >"$3.new")
  chown "$2" "$3.new"; chmod "$1" "$3.new"; mv "$3.new" "$3"
}

# The host's certificate for a service that runs as another user: give_tls USER DIRECTORY
give_tls() {
  install -d -m 0750 -o root -g "$1" "$2"
  for name in ca.crt host.crt host.key; do install -m 0640 -o root -g "$1" "$KIT/tls/$name" "$2/$name"; done
}

# From the first start on, and not from the first boot: without a certificate it would fail again and again.
# Debian's unit sleeps three seconds after its start, which nobody has to wait for.
start_pgbackrest() {
  give_tls postgres /etc/pgbackrest/tls
  systemctl -q enable pgbackrest.service
  systemctl --no-block restart pgbackrest.service
}

# provision/<role>.sh bake|start: `bake` runs in a chroot, `start` on the booted host.
main() {
  case ${1:-} in
    bake) bake; age_packages; forget_mirrors ;;
    start)
      [ -d /run/systemd/system ] || die "start wants a booted host"
      . "$KIT/lab.env"
      install -d -m 0755 /etc/ssl/lab
      install -m 0644 "$KIT/tls/ca.crt" "$KIT/tls/host.crt" /etc/ssl/lab/
      install -m 0600 "$KIT/tls/host.key" /etc/ssl/lab/
      start ;;
    *) die "usage: $0 bake|start" ;;
  esac
}
