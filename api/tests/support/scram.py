"""A server with logins by password, which FerretDB of the version for the tests has not.

    async with ScramEndpoint(database.address, user="service", password="first") as endpoint:
        client = AsyncMongoClient(endpoint.uri, username="service", password="first")

It checks the login of SCRAM-SHA-256 (RFC 5802, RFC 7677) as MongoDB does, refuses commands without
one, and relays them to a server without logins. As with MongoDB a connection stays logged in when
the password changes.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.listener import Listener
from tests.support.wire import Message, answer_message, read_message

MECHANISM = "SCRAM-SHA-256"
ITERATIONS = 4096

# What a server answers without a login.
OPEN_TO_ALL = frozenset({"hello", "isMaster", "ismaster", "ping", "buildInfo", "endSessions"})
# A login inside a `hello` may go unanswered; the client then sends it as a command.
LOGIN_IN_HELLO = frozenset({"speculativeAuthenticate", "saslSupportedMechs"})

UNAUTHORIZED = {"ok": 0.0, "errmsg": "Unauthorized", "code": 13, "codeName": "Unauthorized"}
AUTHENTICATION_FAILED = {
    "ok": 0.0,
    "errmsg": "Authentication failed.",
    "code": 18,
    "codeName": "AuthenticationFailed",
}


@dataclass
class Connection:
    """What the endpoint saw of a connection."""

    #: The password of its login; none before the login and on the one that watches the server.
    password: str | None = None
    #: The commands after the login, in their order.
    commands: list[str] = field(default_factory=list)
    open: bool = True


class ScramEndpoint(Listener):
    """The endpoint, on the event loop of the test."""

    def __init__(self, server: tuple[str, int], user: str, password: str) -> None:
        #: The password of the user; a test may change it at any time.
        self.password = password
        #: All connections so far, the oldest first.
        self.connections: list[Connection] = []
        #: How many logins were refused.
        self.refused = 0
        super().__init__()
        self._user = user
        self._server = server

    @property
    def host(self) -> str:
        """Address and port, as connection strings name them."""
        return f"127.0.0.1:{self.port}"

    @property
    def uri(self) -> str:
        """A connection string that lacks only the name of the user and the password."""
        return f"mongodb://{self.host}/?directConnection=true&authMechanism={MECHANISM}"

    async def _accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(*self._server)
        connection = Connection()
        self.connections.append(connection)
        self._spawn(self._relay_requests(connection, client, to_client, to_server))
        self._spawn(self._relay_answers(server, to_client))

    async def _relay_requests(
        self,
        connection: Connection,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        to_server: asyncio.StreamWriter,
    ) -> None:
        login = Login(self._user, self.password)
        try:
            while request := await read_message(client):
                command = next(iter(request.body))
                if command == "saslStart":
                    login = Login(self._user, self.password)
                if command in ("saslStart", "saslContinue"):
                    answer = login.answer(request)
                    self.refused += answer is AUTHENTICATION_FAILED
                    connection.password = login.password if login.succeeded else None
                elif connection.password is None and command not in OPEN_TO_ALL:
                    answer = UNAUTHORIZED
                else:
                    if connection.password is not None:
                        connection.commands.append(command)
                    to_server.write(request.without(LOGIN_IN_HELLO).raw)
                    continue
                to_client.write(answer_message(request, answer))
        except ConnectionError:
            # The client has gone, as it may.
            pass
        finally:
            connection.open = False
            to_server.close()

    @staticmethod
    async def _relay_answers(server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            while answer := await read_message(server):
                to_client.write(answer.raw)
                await to_client.drain()
        except ConnectionError:
            pass
        finally:
            to_client.close()


class Login:
    """The server's side of one SCRAM-SHA-256 conversation."""

    def __init__(self, user: str, password: str) -> None:
        self.password = password
        self.succeeded = False
        self._user = user
        self._salt = secrets.token_bytes(16)
        self._messages: list[str] = []
        self._nonce = ""

    def answer(self, request: Message) -> Mapping[str, Any]:
        """Answer one of the two commands of the conversation."""
        payload = bytes(request.body["payload"]).decode()
        if next(iter(request.body)) == "saslStart":
            answer = self._first(payload) if request.body["mechanism"] == MECHANISM else None
        else:
            answer = self._final(payload)
        if answer is None:
            return AUTHENTICATION_FAILED
        return {
            "conversationId": 1,
            "done": self.succeeded,
            "payload": answer.encode(),
            "ok": 1.0,
        }

    def _first(self, message: str) -> str | None:
        # In front is that the client binds no channel and acts for itself.
        bare = message.removeprefix("n,,")
        attributes = parse(bare)
        if attributes.get("n") != self._user:
            return None
        self._nonce = attributes["r"] + secrets.token_urlsafe(18)
        salt = base64.b64encode(self._salt).decode()
        answer = f"r={self._nonce},s={salt},i={ITERATIONS}"
        self._messages = [bare, answer]
        return answer

    def _final(self, message: str) -> str | None:
        without_proof, _, proof = message.rpartition(",p=")
        if not self._messages or parse(without_proof).get("r") != self._nonce:
            return None
        signed = ",".join([*self._messages, without_proof]).encode()
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), self._salt, ITERATIONS)
        client_key = keyed_hash(salted, b"Client Key")
        signature = keyed_hash(hashlib.sha256(client_key).digest(), signed)
        expected = bytes(one ^ other for one, other in zip(client_key, signature, strict=True))
        if not hmac.compare_digest(expected, base64.b64decode(proof)):
            return None
        self.succeeded = True
        verifier = keyed_hash(keyed_hash(salted, b"Server Key"), signed)
        return f"v={base64.b64encode(verifier).decode()}"


def parse(message: str) -> dict[str, str]:
    """Return the attributes of a message, each a letter and a value."""
    return {part[:1]: part[2:] for part in message.split(",")}


def keyed_hash(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
