#!/bin/sh
# Creates random users through POST /users/ and says for each what came of it.
# POSIX sh (busybox ash is enough), curl and coreutils.
#
#   API_URL       where the API is                                        http://localhost:8000
#   COUNT         how many users                                          10
#   WAIT_SECONDS  how long to wait for the API to become ready            180
#   ATTEMPTS      how often one user is tried                             6
#
# Exit: 0 all users were accepted, 1 not all were, 2 bad settings, 3 the API did not become ready.
set -eu

API_URL=${API_URL:-http://localhost:8000}
while [ "$API_URL" != "${API_URL%/}" ]; do
  API_URL=${API_URL%/}
done
COUNT=${COUNT:-10}
WAIT_SECONDS=${WAIT_SECONDS:-180}
ATTEMPTS=${ATTEMPTS:-6}

fail() {
  status=$1
  shift
  printf '%s\n' "generate_user: $*" >&2
  exit "$status"
}

# A leading zero would make the shell read the number as octal.
positive() {
  case $2 in
    '' | 0* | *[!0-9]*) fail 2 "$1 must be a positive integer, not '$2'" ;;
  esac
}
positive COUNT "$COUNT"
positive WAIT_SECONDS "$WAIT_SECONDS"
positive ATTEMPTS "$ATTEMPTS"
command -v curl >/dev/null || fail 2 'curl is not installed'
case $API_URL in
  http://?* | https://?*) ;;
  *) fail 2 'API_URL must start with http:// or https://' ;;
esac
# For messages: a login in the URL stays out of the log.
authority=${API_URL#*://}
authority=${authority%%/*}
case $authority in
  '' | *[!A-Za-z0-9.:@_%~-]*)
    case $authority in
      '['*']' | '['*']:'*) ;;
      *@'['*']' | *@'['*']:'*) ;;
      *) fail 2 'API_URL has a host that is none' ;;
    esac
    ;;
esac
shown_url=${API_URL%%://*}://${authority##*@}

body=$(mktemp)
errors=$(mktemp)
trap 'rm -f "$body" "$errors"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# Milliseconds since the machine started: busybox has no `date +%N`, and this clock is never set back.
now_ms() {
  read -r uptime _ </proc/uptime
  printf '%s' "${uptime%.*}${uptime#*.}0"
}

random_hex() {
  od -An -N "$1" -t x1 /dev/urandom | tr -d ' \n'
}

# random_of WORD...: one of the words.
random_of() {
  skip=$(($(od -An -N 2 -t u2 /dev/urandom | tr -d ' \n') % $#))
  shift "$skip"
  printf '%s' "$1"
}

# request ARGUMENT...: prints the HTTP status, 000 if there was no answer. The body is in $body.
request() {
  : >"$body"
  curl --silent --show-error --connect-timeout 3 --max-time 10 \
    --globoff --proto '=http,https' \
    --output "$body" --write-out '%{http_code}' "$@" 2>"$errors" || :
}

# The answer in one line that is fit for a log.
answer() {
  { cat "$errors"; tr -d '\r' <"$body"; } | tr '\n' ' ' | cut -c 1-300
}

wait_until_ready() {
  deadline=$(($(now_ms) + WAIT_SECONDS * 1000))
  printf 'waiting for %s/readyz\n' "$shown_url"
  while code=$(request "$API_URL/readyz"); [ "$code" != 200 ]; do
    [ "$(now_ms)" -lt "$deadline" ] ||
      fail 3 "$shown_url was not ready after $WAIT_SECONDS s: status $code $(answer)"
    sleep 2
  done
}

# create_user NUMBER: exit 0 if the API has accepted the user.
create_user() {
  first=$(random_of Ada Alan Barbara Dennis Edsger Frances Grace Katherine Ken Margaret Radia Tim)
  last=$(random_of Allen Dijkstra Hamilton Hopper Johnson Liskov Lovelace Perlman Ritchie Thompson)
  email="user-$(random_hex 8)@example.com"
  backoff=1
  attempt=1
  while :; do
    code=$(request --request POST --header 'Content-Type: application/json' \
      --data "{\"name\": \"$first $last\", \"email\": \"$email\"}" "$API_URL/users/")
    case $code in
      201)
        printf '%s/%s created %s: %s\n' "$1" "$COUNT" "$email" "$(answer)"
        return 0
        ;;
      409)
        # The address is random: if it exists, an earlier attempt did arrive and its answer was lost.
        if [ "$attempt" -gt 1 ]; then
          printf '%s/%s created %s: by an attempt without answer\n' "$1" "$COUNT" "$email"
          return 0
        fi
        ;;
      000 | 408 | 425 | 429 | 5??)
        if [ "$attempt" -lt "$ATTEMPTS" ]; then
          printf '%s/%s attempt %s: status %s, again in %s s\n' "$1" "$COUNT" "$attempt" "$code" "$backoff" >&2
          sleep "$backoff"
          attempt=$((attempt + 1))
          [ "$backoff" -ge 16 ] || backoff=$((backoff * 2))
          continue
        fi
        ;;
    esac
    printf '%s/%s rejected %s: status %s %s\n' "$1" "$COUNT" "$email" "$code" "$(answer)" >&2
    return 1
  done
}

# Users with the same address would be refused, and nothing would say why.
[ "$(random_hex 8 | wc -c)" -eq 16 ] || fail 2 'there are no random numbers in /dev/urandom'

wait_until_ready
started=$(now_ms)
accepted=0
number=1
while [ "$number" -le "$COUNT" ]; do
  if create_user "$number"; then
    accepted=$((accepted + 1))
  fi
  number=$((number + 1))
done
printf 'sent %s, accepted %s, rejected %s, %s ms\n' \
  "$COUNT" "$accepted" "$((COUNT - accepted))" "$(($(now_ms) - started))"
[ "$accepted" -eq "$COUNT" ]
