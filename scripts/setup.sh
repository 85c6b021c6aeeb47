#!/usr/bin/env bash
# Makes .venv what the lock files say; does nothing when it is that already.
#   scripts/setup.sh        what `qunce` needs
#   scripts/setup.sh test   and what its tests need
set -euo pipefail
cd "$(dirname "$0")/.."

lock=requirements${1:+-$1}.lock
venv=.venv
stamp=$venv/.installed-$lock
wanted=$(cat "$lock" pyproject.toml scripts/setup.sh; pwd)
wanted=$(cksum <<<"$wanted")

say() { printf '%s\n' "$@" >&2; }

find_python() {
  for name in ${PYTHON:-python3.11 python3 python3.12 python3.13 python3.14}; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  say "需要 Python 3.11 或更新版本，请运行：sudo apt-get install -y python3 python3-venv" \
    "Python 3.11 or newer is needed; run: sudo apt-get install -y python3 python3-venv"
  return 1
}

# Debian packages that are missing: venv is split off its Python, libcurl is for the embedded mongod.
missing_packages() {
  "$1" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  [ "$(uname -sm)" = "Linux x86_64" ] && [ -z "${QUNCE_MONGO_URL:-}" ] || return 0
  "$1" -c 'import ctypes; ctypes.CDLL("libcurl.so.4")' 2>/dev/null || echo libcurl4
}

install_packages() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "缺少系统软件包，请先运行：sudo apt-get install -y $*" \
      "System packages are missing; first run: sudo apt-get install -y $*"
    return 1
  fi
  say "安装系统软件包 · installing $*"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 \
    --no-install-recommends "$@" >/dev/null
}

# The tests of pages drive a real browser; without one they are skipped, and say so.
install_browser() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    install_packages chromium fonts-noto-cjk && return
  fi
  say "没有 chromium，浏览器测试会跳过；要运行它们：sudo apt-get install -y chromium fonts-noto-cjk" \
    "No chromium: tests in the browser are skipped; to run them: sudo apt-get install -y chromium fonts-noto-cjk"
}

[ "${1:-}" != test ] || install_browser
if [ -x "$venv/bin/qunce" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
  exit 0
fi

python=$(find_python)
packages=$(missing_packages "$python")
if [ -n "$packages" ]; then
  # shellcheck disable=SC2086 -- one word for each package
  install_packages $packages
fi

say "准备 $venv（首次约半分钟）· setting up $venv (about half a minute the first time)"
# made anew when its scripts point elsewhere: a folder that was moved, a Python that has gone
if ! grep -qsF "$PWD/$venv/bin/python" "$venv/bin/pip" || ! "$venv/bin/python" -c '' 2>/dev/null; then
  "$python" -m venv --clear "$venv"
fi
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }
pip install -qq --require-hashes --only-binary :all: -r "$lock"
pip install -qq --no-deps --no-build-isolation --no-index -e .
printf '%s\n' "$wanted" >"$stamp"
