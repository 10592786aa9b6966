#!/bin/sh
# Everything that is checked before a change goes in, and what that needs on a fresh Debian. From any folder:
#
#     sh tests/all.sh
set -eu
cd "$(dirname "$0")/.."

say() {
    printf '\n=== %s\n' "$1"
}

# --- what the machine needs ----------------------------------------------------------------------

# Rust itself comes from rustup, for one's own user; its two tools belong to the usual installation.
if ! command -v cargo >/dev/null; then
    echo "Rust is missing: install it from https://rustup.rs, then run this again." >&2
    exit 1
fi
for tool in fmt clippy; do
    cargo "$tool" --version >/dev/null 2>&1 || rustup component add rustfmt clippy
done

# Each program with the Debian package that brings it.
missing=""
need() {
    command -v "$1" >/dev/null || missing="$missing $2"
}
need cc "gcc libc6-dev"       # builds SQLite and OpenSSL …
need make make                # … which is built with make
need perl perl                # … and configured by perl
need chromium chromium        # the sandbox's page is tried in a real browser
need chromedriver chromium-driver
need npm npm                  # brings axe-core, which finds what makes a page hard to use
need script bsdutils          # a terminal, to see whether colours come and go
# Two real ticket systems, to try every verb. Their programs stand in no PATH.
need /usr/share/request-tracker5/libexec/rt-server "request-tracker5 rt5-db-sqlite rt5-standalone dbconfig-sqlite3"
need /usr/share/redmine/bin/rails "redmine redmine-sqlite dbconfig-sqlite3 puma"
if [ -n "$missing" ]; then
    root=""
    [ "$(id -u)" = 0 ] || root="sudo"
    if ! command -v apt-get >/dev/null || { [ -n "$root" ] && ! command -v sudo >/dev/null; }; then
        echo "Please install these first (Debian's names), or run this as root:$missing" >&2
        exit 1
    fi
    say "installing$missing"
    $root apt-get update -qq
    # Unquoted: it is a list.
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi

# axe-core, in the version and with the hash that stand in the lock file. It runs in the tests' browser only.
mkdir -p target/npm
cp tests/browser/package.json tests/browser/package-lock.json target/npm
(cd target/npm && npm ci --silent --ignore-scripts --no-audit --no-fund)

# --- the checks ----------------------------------------------------------------------------------

# Each scenario runs a whole bot and each page test a browser: they mostly wait, so that there may be some more of them
# at once than processors.
threads=$(($(nproc) * 2))
[ "$threads" -le 8 ] || threads=8

say "formatting"
cargo fmt --check

say "lints"
cargo clippy --locked --all-targets -- -D warnings

say "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

say "tests"
cargo test --locked --no-fail-fast -- --test-threads="$threads"

say "everything is fine"
