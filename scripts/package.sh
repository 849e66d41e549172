#!/usr/bin/env bash
# package.sh JOBS: build/naestro-VERSION-linux-x86_64.tar.gz, which starts without a compiler and
# needs glibc (2.36 or newer) alone. Of the libraries it links archives where Debian has them
# (cmake/archives.cmake) and ships the others in lib/, found by a path relative to the binary (DT_RPATH,
# not DT_RUNPATH: it also holds for what the libraries in lib/ load).
#
#   bin/naestro          lib/*.so            assets/ (engine, default model, their licences)
#   examples/            licenses/           LICENSE, NOTICE.md, README.md, sbom.cdx.json
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
binary_bytes_max=$((15 << 20))
version=$(sed -nE 's/^project\(naestro VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
name=naestro-$version-linux-x86_64
out=build/package-tree/$name

cmake --preset package >build/package.log 2>&1 || { cat build/package.log; exit 1; }
cmake --build build/package --target naestro -j "$1"

rm -rf build/package-tree
mkdir -p "$out"/{bin,lib,licenses,assets/llama,assets/models}
llvm-strip-19 -o "$out/bin/naestro" build/package/naestro 2>/dev/null ||
  strip -o "$out/bin/naestro" build/package/naestro
bytes=$(stat -c %s "$out/bin/naestro")
echo "stripped binary: $bytes bytes (at most $binary_bytes_max)"
[ "$bytes" -le "$binary_bytes_max" ] || { echo "package.sh: the binary is too large" >&2; exit 1; }

# Libraries that an ELF file loads, all the way down, but for those of glibc itself.
loaded() {
  ldd "$@" | sed -nE 's,.* => (/[^ ]+) .*,\1,p' | sort -u |
    grep -vE '/(libc|libm|libdl|libpthread|librt|libresolv|libanl)\.so|/build/' || true
}
ship() { # library folder
  local package file=${1##*/}
  cp -L "$1" "$out/$2/$file"
  package=$(dpkg-query -S "*/$file" | sed -n '1s/:.*//p')
  [ -n "$package" ] || { echo "package.sh: no Debian package owns $1" >&2; exit 1; }
  cp -L "/usr/share/doc/$package/copyright" "$out/licenses/$package.txt"
  echo "$2/$file $package $(dpkg-query -W -f '${Version}\n' "$package" | sed -n 1p)" \
    "$(sha256sum "$1" | cut -d' ' -f1)" >>build/package-tree/shipped
}
curl=$(pkg-config --variable=libdir libcurl)/libcurl.so.4  # opened by the binary when it is needed
for library in "$curl" $(loaded "$out/bin/naestro" "$curl"); do ship "$library" lib; done

cp -L build/assets/llama/*.so* build/assets/llama/llama-server "$out/assets/llama/"
cp -L build/assets/models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf "$out/assets/models/"
cp -rL build/assets/licenses "$out/assets/licenses"
# The engine looks beside itself.
for library in $(loaded "$out/assets/llama/llama-server" "$out"/assets/llama/*.so* |
                 grep -v package-tree); do
  ship "$library" assets/llama
done
# Linked into the binary as archives.
for package in libsodium-dev libssl-dev libsqlite3-dev libpcre2-dev libyaml-cpp-dev libboost-json1.81-dev \
  libcli11-dev libstdc++-12-dev; do
  cp -L "/usr/share/doc/$package/copyright" "$out/licenses/$package.txt"
done
sed -n '/^#/s/^# \{0,1\}//p' skills/words/thesaurus.txt >"$out/licenses/WordNet.txt"

cp LICENSE "$out/"
cp packaging/README.md "$out/README.md"
cp -r examples "$out/examples"
python3 scripts/write_notice.py build/package-tree/shipped "$out/NOTICE.md"
python3 scripts/write_sbom.py --shipped build/package-tree/shipped "$out/sbom.cdx.json"

# The same tree gives the same archive.
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime='2000-01-01 00:00:00Z' \
  -C build/package-tree -cf - "$name" | gzip -n -1 >"build/$name.tar.gz"
ls -l "build/$name.tar.gz"
