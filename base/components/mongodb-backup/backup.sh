#!/bin/sh
# Writes one backup of the whole database, then removes those beyond the newest KEEP.
#
#   MONGODB_URI   the replica set, and how to log in to it
#   DIRECTORY     where backups are
#   KEEP          how many are kept
#
# A backup is there under its name only when it is complete, and an old one goes only after that.
set -eu

cd "$DIRECTORY"
# What a run before this one did not finish. Runs never overlap.
rm -f ./*.partial

name=$(date -u +%Y-%m-%dT%H%M%SZ).archive.gz
# With what is written in the meantime (`--oplog`): all of it is then of one moment, its end.
mongodump --uri="$MONGODB_URI" --oplog --gzip --archive="$name.partial"
# Not the whole of the check that a backup needs, which is to restore it.
gzip --test "$name.partial"
sync "$name.partial"
mv "$name.partial" "$name"
printf 'wrote %s, %s bytes\n' "$name" "$(wc -c <"$name")"

# The names sort by time.
count=0
for old in $(printf '%s\n' *.archive.gz | sort -r); do
  count=$((count + 1))
  if [ "$count" -gt "$KEEP" ]; then
    rm -- "$old"
    printf 'removed %s\n' "$old"
  fi
done
