#!/usr/bin/env bash
# fresh.sh [FOLDER]: proves `make demo` and `make test` on a new Debian 12: a minbase chroot with git
# and make, a clone of HEAD, and this machine's settings of the package clients. Needs root and
# debootstrap. The chroot is removed at the end, unless KEEP=1.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "fresh.sh: needs root (debootstrap, chroot)" >&2; exit 1; }
command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >/dev/null
root=${1:-/var/tmp/naestro-fresh}
[ ! -e "$root" ] || { echo "fresh.sh: $root exists; remove it or name another folder" >&2; exit 1; }
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null || true; } |
  sed -nE '/^#/!s,^.*((https?|file)://[^ ]+).*$,\1,p' | sed -n 1p)
[ -n "$mirror" ] || { echo "fresh.sh: no package mirror stands in /etc/apt" >&2; exit 1; }

finish() {
  for at in dev/pts dev sys proc; do umount -l "$root/$at" 2>/dev/null || true; done
  [ "${KEEP:-0}" = 1 ] || rm -rf --one-file-system "$root"
}
trap finish EXIT

echo "== a minbase Debian 12 in $root"
debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror" >/dev/null
for at in proc sys dev dev/pts; do mount --bind "/$at" "$root/$at"; done
# What the package clients of this machine need to reach their registries.
for setting in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/keyrings \
  /etc/pip.conf /etc/resolv.conf /etc/hosts /etc/ssl/certs /usr/local/share/ca-certificates \
  "$HOME/.config/pip" "$HOME/.pip"; do
  [ -e "$setting" ] || continue
  mkdir -p "$root$(dirname "$setting")"
  cp -aL "$setting" "$root$(dirname "$setting")/" 2>/dev/null || true
done
variables=()
while IFS='=' read -r name value; do
  case $name in
    PIP_* | *_proxy | *_PROXY | *CERT* | *CA_BUNDLE*)
      variables+=("$name=$value")
      [ ! -f "$value" ] || install -D -m 644 "$value" "$root$value"
      ;;
  esac
done < <(env)
inside() {
  chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LC_ALL=C.UTF-8 \
    "${variables[@]}" bash -ec "$1"
}
git bundle create "$root/root/naestro.bundle" HEAD >/dev/null 2>&1
inside 'apt-get update -qq; apt-get install -y -qq --no-install-recommends git make >/dev/null
        git clone -q /root/naestro.bundle /root/naestro'
for target in demo demo test; do
  echo "== make $target"
  begin=$(date +%s)
  inside "cd /root/naestro && make $target" || { echo "make $target failed" >&2; exit 1; }
  echo "== make $target took $(($(date +%s) - begin)) s"
done
