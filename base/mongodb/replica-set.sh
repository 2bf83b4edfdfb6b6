#!/bin/sh
# Runs beside mongod. Without an argument: brings this member into the replica set and creates the
# users, retrying until it is done, and again whenever a password or a certificate changes. With
# `ready`: exit 0 when the member is primary or secondary and all is as the files say. With `alive`:
# exit 0 unless the work stands still.
set -eu

# There while nothing is left to do.
DONE=/tmp/done
# Written at each turn.
ALIVE=/tmp/alive

shell() {
  mongosh --quiet --norc "$LOCAL_URI" "$@"
}

if [ "${1:-}" = ready ]; then
  [ -e "$DONE" ]
  shell --eval 'const hello = db.hello(); quit(hello.isWritablePrimary || hello.secondary ? 0 : 1)'
  exit
fi

if [ "${1:-}" = alive ]; then
  # A turn takes seconds, and where members do not answer up to a minute.
  [ -n "$(find "$ALIVE" -mmin -5)" ]
  exit
fi

# As first process of the container the shell ignores SIGTERM unless told otherwise. `wait` returns
# on a signal, a plain `sleep` does not.
trap 'exit 0' TERM INT
pause() {
  : >"$ALIVE"
  sleep "$1" &
  wait "$!"
}

# What the users and the connections are made from. The kubelet replaces the files when their Secret
# changes.
credentials() {
  # shellcheck disable=SC2086 # a list of files without spaces
  cat "${ADMIN_PASSWORD_FILE:-/dev/null}" "${API_PASSWORD_FILE:-/dev/null}" ${CERTIFICATE_FILES:-} | cksum
}

# A restarted container finds what the one before it left.
rm -f "$DONE"
: >"$ALIVE"
made_from=
while :; do
  wanted=$(credentials)
  if [ "$wanted" != "$made_from" ]; then
    rm -f "$DONE"
    until shell --file /scripts/replica-set.js; do
      pause 5
      # It may be the mended one now.
      wanted=$(credentials)
    done
    made_from=$wanted
    : >"$DONE"
  fi
  pause 10
done
