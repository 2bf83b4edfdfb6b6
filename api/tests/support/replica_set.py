"""Replica sets of one member, for the tests' own servers of MongoDB.

A standalone server knows no retryable writes and no majority write concern, so it would not show
what the service does in a cluster.
"""

from pymongo.errors import OperationFailure

from tests.support.server import connect

REPLICA_SET = "rs0"

# Settings that hold on a developer's machine as well as on a small CI runner.
MONGOD_ARGUMENTS = ("--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", "0.25")

# What replSetInitiate answers when the data directory holds the set's configuration already.
ALREADY_INITIALIZED = 23


def initiate(port: int) -> None:
    """Make the server on the port of 127.0.0.1 the only member of a replica set."""
    configuration = {
        "_id": REPLICA_SET,
        "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}],
    }
    with connect(f"mongodb://127.0.0.1:{port}/", direct=True, timeout=15) as client:
        try:
            client.admin.command("replSetInitiate", configuration)
        except OperationFailure as error:
            if error.code != ALREADY_INITIALIZED:
                raise


def uri(port: int) -> str:
    """Return the connection string of the replica set."""
    return f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"
