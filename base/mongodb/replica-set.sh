#!/bin/sh
# Runs beside mongod. Without an argument: brings this member into the replica set, retrying until
# it is in, then stays without doing anything. With `ready`: exit 0 when it is primary or secondary.
set -eu

shell() {
  mongosh --quiet --norc "$LOCAL_URI" "$@"
}

if [ "${1:-}" = ready ]; then
  shell --eval 'const hello = db.hello(); quit(hello.isWritablePrimary || hello.secondary ? 0 : 1)'
  exit
fi

# As first process of the container the shell ignores SIGTERM unless told otherwise. `wait` returns
# on a signal, a plain `sleep` does not.
trap 'exit 0' TERM INT
pause() {
  sleep "$1" &
  wait "$!"
}

until shell --file /scripts/replica-set.js; do
  pause 5
done
while :; do
  pause 3600
done
