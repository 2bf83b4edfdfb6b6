# Sourced. `work` is a directory for what a command has said.
# shellcheck shell=bash

# Waits until a command succeeds, and says how long that took.
reached() {
  local what=$1 start=$SECONDS
  shift
  until "$@" >"$work/said" 2>&1; do
    if [ $((SECONDS - start)) -gt "${PATIENCE:-900}" ]; then
      echo "not reached: $what" >&2
      cat "$work/said" >&2
      return 1
    fi
    sleep 2
  done
  echo "$what: $((SECONDS - start)) s"
}
