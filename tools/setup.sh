# shellcheck shell=bash disable=SC1091,SC2154
# What ./run and ./test need from the machine, to be sourced after `root` is set to the repository's root: Debian
# packages, pinned Python environments, a release build. Each function does nothing, quickly, when its work is done.
# Downloads and compiler results live in $cache_dir, outside the build tree, so that a fresh clone starts warm.
#
#   root=$(cd "$(dirname "$0")" && pwd); . "$root/tools/setup.sh"
#   setup_packages
#   setup_venv example examples/two-track/requirements.txt; "$venv/bin/python" ...
#   setup_build duru duru-supervise

. "$root/tools/progress.sh"

[ -n "${XDG_CACHE_HOME:-${HOME:-}}" ] || fail "neither HOME nor XDG_CACHE_HOME is set: no place for the cache"
cache_dir="${XDG_CACHE_HOME:-$HOME/.cache}/duru"
build_dir="$root/build/release"
log_dir="$root/build/logs/$(basename "$0")-$$"
mkdir -p "$cache_dir" "$log_dir" || fail "cannot write to $cache_dir or $root/build"
# Logs of earlier calls: the newest ten are kept.
find "$root/build/logs" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | tail -n +11 |
  cut -d' ' -f2- | xargs -r -d '\n' rm -rf

# Debian's own Python: the one that the package python3-venv belongs to, whatever else is first in PATH.
python=/usr/bin/python3
[ -x "$python" ] || [ -n "$(command -v apt-get)" ] || python=python3

setup_package_names() {
  local boost=$1
  printf '%s\n' g++ cmake ninja-build ccache pkg-config "libboost$boost-dev" "libboost-json$boost-dev" \
    "libboost-url$boost-dev" libsqlite3-dev libssl-dev libfmt-dev libspdlog-dev libyaml-cpp-dev \
    libcli11-dev libgtest-dev libgmock-dev librapidcheck-dev python3 python3-venv git
}

setup_packages_missing() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p') || true
  comm -23 <(printf '%s\n' "$@" | sort) <(printf '%s\n' "$installed" | sort -u)
}

setup_packages() {
  local id="" version="" boost names missing as_root=()
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && echo "${ID:-}")
    version=$(. /etc/os-release && echo "${VERSION_ID:-}")
  fi
  case "$id $version" in
    "debian 12") boost=1.81 ;;
    "debian 13") boost=1.83 ;;
    *)
      say "packages: this is ${id:-an unknown system} $version; only Debian 12 and 13 are set up here." \
        "Going on with what is installed."
      return 0
      ;;
  esac
  mapfile -t names < <(setup_package_names "$boost")
  mapfile -t missing < <(setup_packages_missing "${names[@]}")
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "these packages are missing, and this is neither root nor is there sudo to install them:" \
        "${missing[*]}" "As root: apt-get install --no-install-recommends ${missing[*]}"
    # Asked before the step, because a password prompt and a living line do not share a terminal.
    sudo -n true 2>/dev/null || { say "packages: ${#missing[@]} to install, sudo asks for your password"; sudo -v; } ||
      fail "sudo refused; these packages are missing: ${missing[*]}"
    as_root=(sudo)
  fi
  local env=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8) apt=(apt-get -q -o DPkg::Lock::Timeout=600)
  # One broken third-party source must not stop us: whether the packages can be had, the install below tells.
  step "package lists" "${as_root[@]}" "${env[@]}" "${apt[@]}" update ||
    say "package lists: going on with what is there"
  step "packages (${#missing[@]})" "${as_root[@]}" "${env[@]}" "${apt[@]}" install -y --no-install-recommends \
    "${missing[@]}" || fail "apt-get could not install: ${missing[*]}"
}

# setup_venv NAME REQUIREMENTS: sets `venv` to a folder with these exact packages. A venv's programs hold its own path, so
# it is built where it stays, under a lock, and counts only when its last file `complete` is there.
setup_venv() {
  local name=$1 requirements="$root/$2" digest
  digest=$({ "$python" -c 'import sys; print(sys.version, sys.executable)' && cat "$requirements"; } |
    sha256sum | cut -c 1-16)
  venv="$cache_dir/venv-$name-$digest"
  [ -e "$venv/complete" ] || (
    flock 9
    [ -e "$venv/complete" ] || step "python packages for $name" setup_venv_build "$venv" "$requirements"
  ) 9>"$venv.lock" || fail "the Python environment $venv could not be made from $2" \
    "it needs a package index that pip can reach"
}

setup_venv_build() {
  rm -rf "$1" && "$python" -m venv "$1" &&
    "$1/bin/python" -m pip install --disable-pip-version-check --no-input --only-binary :all: -r "$2" &&
    touch "$1/complete"
}

# As many compilers at once as there are processors, but no more than one for each GiB of free memory: the largest
# units need nearly that.
setup_compilers() {
  local processors free_gib
  processors=$(nproc)
  free_gib=$(awk '/^MemAvailable:/ {print int($2 / 1048576)}' /proc/meminfo)
  [ "$free_gib" -ge 1 ] || free_gib=1
  echo $((processors < free_gib ? processors : free_gib))
}

# setup_configure, then setup_build [TARGET...] (all when none is named). Two calls at once in one checkout take turns.
setup_configure() {
  export CCACHE_DIR="${CCACHE_DIR:-$cache_dir/ccache}" CCACHE_BASEDIR="$root"
  export CCACHE_MAXSIZE="${CCACHE_MAXSIZE:-4G}"
  # A checkout that was copied or moved brings a build of the other place along.
  local cache="$build_dir/CMakeCache.txt"
  if [ -e "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache"; then rm -rf "$build_dir"; fi
  mkdir -p "$build_dir"
  [ -e "$build_dir/build.ninja" ] && [ "$build_dir/build.ninja" -nt "$root/CMakePresets.json" ] || (
    flock 9
    cd "$root" && step "configure" cmake --preset release
  ) 9>"$build_dir.lock" || fail "cmake --preset release failed"
}

setup_build() {
  (
    flock 9
    step "build" ninja -C "$build_dir" -j "$(setup_compilers)" "$@"
  ) 9>"$build_dir.lock" || fail "the build failed" "repeat it: ninja -C $build_dir $*"
}
