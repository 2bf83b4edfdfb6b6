"""The server that MONGODB_URI names, which somebody else runs."""

from pymongo.errors import InvalidOperation, PyMongoError
from pymongo.uri_parser import parse_uri

from tests.support.server import Database, DatabaseUnavailableError, connect, product

ANSWER_SECONDS = 10


class ExternalDatabase(Database):
    """A server that outlives the test run, which removes from it what it stored there."""

    can_restart = False

    def __init__(self, uri: str) -> None:
        super().__init__()
        self._uri = uri
        self._closed = False
        # PyMongo's messages can quote the connection string, which holds a password.
        try:
            with connect(uri, direct=False, timeout=ANSWER_SECONDS) as client:
                self._product, self.is_ferretdb = product(client)
        except (PyMongoError, ValueError, TypeError) as error:
            raise DatabaseUnavailableError(
                f"the server of MONGODB_URI does not answer ({type(error).__name__}): start it, "
                "correct the variable, or unset it to have the tests bring a server of their own"
            ) from None

    @property
    def name(self) -> str:
        return f"{self._product} (MONGODB_URI)"

    @property
    def uri(self) -> str:
        return self._uri

    @property
    def address(self) -> tuple[str, int]:
        parsed = parse_uri(self._uri)
        options = parsed["options"]
        if parsed["username"] or options.get("tls") or options.get("authMechanism"):
            raise DatabaseUnavailableError(
                "the TLS endpoint of the tests relays to a server without TLS and login only: "
                "unset MONGODB_URI, or let it name such a server"
            )
        with connect(self._uri, direct=False, timeout=ANSWER_SECONDS) as client:
            client.admin.command("ping")
            primary = client.address
        if primary is None:
            raise DatabaseUnavailableError("the server of MONGODB_URI has no primary")
        return primary[0], primary[1] or 27017

    def start(self) -> None:
        raise InvalidOperation("a server of somebody else's is not restarted")

    def kill(self) -> None:
        raise InvalidOperation("a server of somebody else's is not killed")

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        with connect(self._uri, direct=False, timeout=ANSWER_SECONDS) as client:
            for name in client.list_database_names():
                if name.startswith(self._prefix):
                    client.drop_database(name)
