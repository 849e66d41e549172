#!/usr/bin/env bash
# install_deps.sh GROUP...: installs the Debian packages of the groups (build, test, tidy; peers and npm
# for `make probes`) that are not there yet. Says what it installs before it does; works as root or with sudo.
set -euo pipefail

build=(clang-19 lld-19 cmake ninja-build ccache pkg-config libboost1.81-dev libboost-json1.81-dev
       libsqlite3-dev libsodium-dev libssl-dev libcurl4-openssl-dev libcli11-dev libyaml-cpp-dev
       libpcre2-dev
       libgomp1
       python3 python3-pip unzip ca-certificates git)
test=(llvm-19 libclang-rt-19-dev clang-format-19 libgtest-dev librapidcheck-dev sqlite3
      libarchive-dev libz3-dev valgrind faketime)
tidy=(clang-tidy-19)
peers=(bubblewrap socat ripgrep)
npm=(npm)

wanted=()
for group in "$@"; do
  case "$group" in
    build) wanted+=("${build[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    tidy) wanted+=("${tidy[@]}") ;;
    peers) wanted+=("${peers[@]}") ;;
    npm) wanted+=("${npm[@]}") ;;
    *) echo "install_deps.sh: unknown group '$group' (build, test, tidy, peers, npm)" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Naestro will install these Debian packages: ${missing[*]}"
run=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "install_deps.sh: neither root nor sudo; run as root: apt-get install ${missing[*]}" >&2
    exit 1
  }
  run=(sudo)
fi
"${run[@]}" apt-get update -qq
"${run[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
