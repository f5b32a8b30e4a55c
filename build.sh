#!/bin/sh
# Makes dist/mini-http: one file that needs nothing beside it, neither Bun nor this folder.
#   ./build.sh                 builds for this machine
#   ./build.sh --check         formatter, type check and tests first, then builds
#   ./build.sh --all           the archives of a release for every platform, SHA256SUMS and the list of parts, in dist/
#   ./build.sh --verify FILE   builds the archive FILE anew and compares: exit code 0 same bytes, 1 not, 2 cannot tell
# Needs the Bun that package.json names, or npx (of Node) to fetch it; Bun fetches itself for the other platforms from
# the npm registry. The same commit gives the same bytes.
set -eu
caller=$PWD
cd "$(dirname "$0")"

platforms="linux-x64 linux-x64-baseline linux-arm64 linux-x64-musl linux-arm64-musl macos-x64 macos-arm64 windows-x64 windows-arm64"

# fail MESSAGE [EXIT_CODE]
fail() {
  echo "build.sh: $1" >&2
  exit "${2-1}"
}

action=${1-}
archive=
case "$action $#" in
  " 0" | "--check 1" | "--all 1") ;;
  "--verify 2") case $2 in /*) archive=$2 ;; *) archive=$caller/$2 ;; esac ;;
  --verify*) fail "--verify needs one FILE, such as dist/mini-http-1.2.3-linux-x64.tar.gz" 2 ;;
  *) fail "cannot read \"$*\"; it takes nothing, --check, --all or --verify FILE" 2 ;;
esac

# "bun@1.4.5": the version is written in package.json and nowhere else. So is that of mini-http.
package=$(sed -n 's/.*"packageManager": *"\(bun@[^"]*\)".*/\1/p' package.json)
[ -n "$package" ] || fail "package.json names no packageManager such as bun@1.4.5"
version=$(sed -n 's/^  "version": *"\([^"]*\)".*/\1/p' package.json)
[ -n "$version" ] || fail "package.json names no version"

if [ "bun@$(bun --version 2>/dev/null || true)" = "$package" ]; then
  run_bun() { bun "$@"; }
elif command -v npx >/dev/null 2>&1; then
  run_bun() { npx --yes "$package" "$@"; }
else
  fail "needs $package: install it, or install Node, whose npx can fetch it"
fi

if [ "$action" = --check ]; then
  run_bun install --frozen-lockfile # the type check needs the types; running and building need nothing
  run_bun fmt --no-script --check
  run_bun check --no-script
  run_bun test
fi

# Only if this very folder is a checkout: unpacked inside another repository it has no commit of its own.
# Seven digits, always: how many git itself would show depends on what else a clone holds.
commit=unknown
full_commit=unknown
seconds=${SOURCE_DATE_EPOCH:-315532800} # 1980, where the calendar of zip begins
if [ "$(git rev-parse --show-cdup 2>/dev/null || echo none)" = "" ] && git rev-parse --quiet --verify HEAD >/dev/null; then
  dirty=
  [ -z "$(git status --porcelain --untracked-files=no)" ] || dirty=-dirty
  full_commit=$(git rev-parse HEAD)$dirty
  commit=$(git rev-parse HEAD | cut -c1-7)$dirty
  seconds=$(git log -1 --format=%ct)
fi

work=$(mktemp -d ./.build-XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# compile FOLDER [PLATFORM]: puts mini-http, or mini-http.exe, into FOLDER.
# The outfile's name goes into the bytes, so it is the same in every build.
# Without the two autoload flags the binary would run the bunfig.toml and read the .env of whatever folder it starts in.
# The source map stays inside the binary and gives stack traces the files and lines of src/; the copy beside it goes.
compile() {
  folder=$1
  target=${2:+--target=bun-$(echo "$2" | sed 's/^macos/darwin/')}
  mkdir -p "$folder"
  run_bun build --compile --minify --bytecode --format=esm --sourcemap ${target:+"$target"} \
    --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
    --define "BUILD_COMMIT=\"$commit\"" ${2:+--define "BUILD_PLATFORM=\"$2\""} \
    src/main.ts --outfile "$folder/mini-http"
  rm -f "$folder"/*.map
  case ${2-} in macos-*) run_bun .ci/sign-macos.ts "$folder/mini-http" ;; esac
}

# archive_name PLATFORM
archive_name() {
  case $1 in windows-*) echo "mini-http-$version-$1.zip" ;; *) echo "mini-http-$version-$1.tar.gz" ;; esac
}

# pack PLATFORM: puts its archive into $work/release.
pack() {
  name=mini-http-$version-$1
  compile "$work/$name" "$1"
  cp README.md LICENSE "$work/$name/"
  mkdir -p "$work/release"
  run_bun .ci/archive.ts "$work/release/$(archive_name "$1")" "$work/$name" "$seconds"
  rm -rf "${work:?}/$name"
}

# Builds all, and only then shows anything in dist/: no mixture of two builds.
build_all() {
  case $commit in
    *-dirty) echo "build.sh: the files differ from the commit; this is no release" >&2 ;;
    unknown) echo "build.sh: no commit is known here; this is no release" >&2 ;;
  esac
  for platform in $platforms; do
    echo "== $platform"
    pack "$platform"
  done
  run_bun .ci/release-papers.ts "$work/release" "$full_commit" "$seconds"
  mkdir -p dist
  rm -f dist/mini-http-* dist/SHA256SUMS
  mv -f "$work"/release/* dist/
  echo "Built mini-http $version (commit $commit), in dist/:"
  cat dist/SHA256SUMS
}

# verify: exit code 0 when $archive holds the very bytes that this commit gives here.
verify() {
  [ -f "$archive" ] || fail "there is no file $archive" 2
  wanted=
  for platform in $platforms; do
    [ "$(basename "$archive")" != "$(archive_name "$platform")" ] || wanted=$platform
  done
  [ -n "$wanted" ] || fail "$(basename "$archive") is no archive of version $version; its name tells what to build, so it \
must be the released one, and the checkout must be of the tag v<its version>" 2
  pack "$wanted"
  if cmp -s "$archive" "$work/release/$(archive_name "$wanted")"; then
    echo "Same bytes: $(basename "$archive") is what commit $commit gives."
  else
    fail "DIFFERENT: $(basename "$archive") is not what commit $commit gives here. Was it built from this commit (the \
executable's --version tells)? Releases are built on Linux x64; Bun marks what it builds for its own kind of machine, \
so compare there before you suspect anyone."
  fi
}

case $action in
  --all) build_all ;;
  --verify) verify ;;
  *)
    compile "$work"
    mkdir -p dist
    mv -f "$work/mini-http" dist/mini-http # the new file appears at once
    echo "Built dist/mini-http: $(dist/mini-http --version)"
    ;;
esac
