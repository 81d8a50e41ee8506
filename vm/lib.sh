# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The QDA authors
#
# Shared by the scripts in vm/: where things lie, how we talk, how we lock.
# shellcheck shell=bash

QDA_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Outside the checkout, so that several clones share one kernel build.
QDA_CACHE=${QDA_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/qda}
# shellcheck disable=SC2034 # used by the scripts
QDA_VM=$QDA_TOP/vm
# shellcheck disable=SC2034
QDA_OUT=$QDA_TOP/out

say() { printf '%s\n' "${0##*/}: $*" >&2; }
warn() { printf '%s\n' "${0##*/}: warning: $*" >&2; }

die() {
	printf '%s\n' "${0##*/}: error: $*" >&2
	exit 1
}

# usage_of FILE: prints the comment block below "# Usage" of a script.
usage_of() {
	sed -n '/^# Usage/,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$1"
}

# with_lock NAME COMMAND...: runs COMMAND while holding a lock in the cache.
# The lock goes when the process ends, however it ends.
with_lock() {
	local name=$1 fd rc=0
	shift
	mkdir -p "$QDA_CACHE"
	exec {fd}>"$QDA_CACHE/$name.lock"
	if ! flock -n "$fd"; then
		say "waiting for another run that holds the $name lock"
		flock "$fd"
	fi
	"$@" || rc=$?
	exec {fd}>&-
	return "$rc"
}

# as_root COMMAND...: directly for root, else through sudo.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this step needs root, and sudo is not installed. Run it as root."
	fi
}

# Which flavours of the kernel exist.
check_flavour() {
	case $1 in
	fast | debug) ;;
	*) die "there is no kernel flavour '$1'; the flavours are fast and debug" ;;
	esac
}

# make and the kernel command line cannot carry such paths.
case $QDA_TOP$QDA_CACHE in
*[[:space:]]*) die "a path has a space in it ($QDA_TOP, $QDA_CACHE); move the checkout, or set QDA_CACHE" ;;
esac
