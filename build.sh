#!/bin/sh
# Makes dist/mini-http: one file that needs nothing beside it, neither Bun nor this folder.
#   ./build.sh           builds
#   ./build.sh --check   formatter, type check and tests first, then builds
# Needs the Bun that package.json names, or npx (of Node) to fetch it. The same commit gives the same bytes.
set -eu
cd "$(dirname "$0")"

fail() {
  echo "build.sh: $1" >&2
  exit 1
}

check=no
case "${1-}" in
  "") ;;
  --check) check=yes ;;
  *) fail "unknown argument \"$1\"; the only one is --check" ;;
esac

# "bun@1.4.5": the version is written in package.json and nowhere else.
package=$(sed -n 's/.*"packageManager": *"\(bun@[^"]*\)".*/\1/p' package.json)
[ -n "$package" ] || fail "package.json names no packageManager such as bun@1.4.5"

if [ "bun@$(bun --version 2>/dev/null || true)" = "$package" ]; then
  run_bun() { bun "$@"; }
elif command -v npx >/dev/null 2>&1; then
  run_bun() { npx --yes "$package" "$@"; }
else
  fail "needs $package: install it, or install Node, whose npx can fetch it"
fi

if [ "$check" = yes ]; then
  run_bun install --frozen-lockfile # the type check needs the types; running and building need nothing
  run_bun fmt --no-script --check
  run_bun check --no-script
  run_bun test
fi

# Only if this very folder is a checkout: unpacked inside another repository it has no commit of its own.
commit=unknown
if [ "$(git rev-parse --show-cdup 2>/dev/null || echo none)" = "" ]; then
  commit=$(git describe --always --dirty --abbrev=7 --exclude '*' 2>/dev/null || echo unknown)
fi

# The outfile's name goes into the bytes, so it is the same in every build; the move makes the new file appear at once.
work=$(mktemp -d ./.build-XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Without the two autoload flags the binary would run the bunfig.toml and read the .env of whatever folder it starts in.
# The source map stays inside the binary and gives stack traces the files and lines of src/.
run_bun build --compile --minify --bytecode --format=esm --sourcemap \
  --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
  --define "BUILD_COMMIT=\"$commit\"" \
  src/main.ts --outfile "$work/mini-http"

mkdir -p dist
mv -f "$work/mini-http" dist/mini-http
echo "Built dist/mini-http: $(dist/mini-http --version)"
