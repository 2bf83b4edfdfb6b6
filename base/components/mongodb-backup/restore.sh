#!/bin/sh
# Replaces the data of the database by a backup's. Started by a person only (docs/production.md).
#
#   MONGODB_URI   the replica set, and how to log in to it as administrator
#   DIRECTORY     where backups are
#   ARCHIVE       the name of one, or `newest`
#
# A collection that the backup has is dropped and made again; one that it does not have stays. Users
# and roles stay as they are: they come from this repository.
set -eu

cd "$DIRECTORY"
archive=${ARCHIVE:?name a backup, or newest}
if [ "$archive" = newest ]; then
  archive=$(printf '%s\n' *.archive.gz | sort | tail -n 1)
fi
if [ ! -f "$archive" ]; then
  printf 'there is no %s; there are:\n%s\n' "$archive" "$(ls)" >&2
  exit 2
fi

# Applying the oplog of a backup takes the right to do anything, which not even `root` has. The
# administrator gives it to himself for as long as this takes.
ROLE=restore-with-oplog
right() {
  mongosh --quiet --norc "$MONGODB_URI" --eval "
    const admin = db.getSiblingDB('admin');
    const user = admin.runCommand({ connectionStatus: 1 }).authInfo.authenticatedUsers[0].user;
    const external = db.getSiblingDB('\$external');
    if ('$1' === 'take') {
      if (admin.getRole('$ROLE') === null) {
        admin.createRole({
          role: '$ROLE',
          privileges: [{ resource: { anyResource: true }, actions: ['anyAction'] }],
          roles: [],
        });
      }
      external.grantRolesToUser(user, [{ role: '$ROLE', db: 'admin' }]);
    } else {
      admin.dropRole('$ROLE');
    }"
}
trap 'right give-back' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
right take

printf 'restoring %s\n' "$archive"
mongorestore --uri="$MONGODB_URI" --gzip --archive="$archive" \
  --drop --oplogReplay --nsExclude='admin.*' --nsExclude='config.*' --stopOnError
printf 'restored %s\n' "$archive"
