#!/usr/bin/env bash
# package_test.sh [FOLDER]: proves the package of scripts/package.sh: unpacked in a minbase Debian 12
# (a chroot in FOLDER) without network, it starts, passes `doctor`, shows its demo, and answers a
# goal over the examples. Needs root and debootstrap. The chroot is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "package_test.sh: needs root (debootstrap, chroot)" >&2; exit 1; }
command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >/dev/null
root=${1:-/var/tmp/naestro-package}
[ ! -e "$root" ] || { echo "package_test.sh: $root exists; remove it or name another" >&2; exit 1; }
archive=$(ls build/naestro-*-linux-x86_64.tar.gz)
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null || true; } |
  sed -nE '/^#/!s,^.*((https?|file)://[^ ]+).*$,\1,p' | sed -n 1p)
[ -n "$mirror" ] || { echo "package_test.sh: no package mirror stands in /etc/apt" >&2; exit 1; }

finish() {
  for at in dev proc; do umount -l "$root/$at" 2>/dev/null || true; done
  rm -rf --one-file-system "$root"
}
trap finish EXIT

debootstrap --variant=minbase bookworm "$root" "$mirror" >/dev/null
for at in proc dev; do mount --bind "/$at" "$root/$at"; done
cp "$archive" "$root/root/naestro.tar.gz"
inside() { # without any network but the loopback of its own
  unshare --net chroot "$root" env -i HOME=/root PATH=/usr/bin:/bin TERM=dumb LC_ALL=C.UTF-8 \
    bash -ec "cd /root/naestro-*/; $1"
}
step() { echo "== $1"; inside "$1"; }
chroot "$root" tar -xzf /root/naestro.tar.gz -C /root
step 'ldd bin/naestro; if ldd bin/naestro | grep "not found"; then exit 1; fi'
step 'bin/naestro --version'
step 'bin/naestro demo'
step 'bin/naestro init </dev/null'
step 'bin/naestro doctor'
step 'bin/naestro run "How many warranty claims in 2026-Q1?" -w examples/company </dev/null'
step 'bin/naestro audit verify'
echo "the package works"
