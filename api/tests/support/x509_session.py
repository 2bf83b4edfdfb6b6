"""One connection of the TLS endpoint: the login, and the relay once it has succeeded."""

import asyncio
import ssl
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509

from tests.support.wire import (
    Message,
    ProtocolError,
    answer_message,
    command_message,
    read_message,
)

MECHANISM = "MONGODB-X509"
EXTERNAL = "$external"

HELLO = frozenset({"hello", "isMaster", "ismaster"})
LOGIN = frozenset({"authenticate", "saslStart"})
# What a server that requires a login answers without one.
OPEN_TO_ALL = frozenset({"ping", "buildInfo", "buildinfo"})

UNAUTHORIZED = 13
AUTHENTICATION_FAILED = 18
MECHANISM_UNAVAILABLE = 334

# Sent by clients that believe in a replica set; a server that stands alone refuses it.
REFUSED_BY_STANDALONE = frozenset({"txnNumber"})
# What the server behind offers in its `hello`, and this endpoint does not.
NOT_OFFERED = frozenset({"topologyVersion", "compression", "saslSupportedMechs"})


@dataclass(frozen=True)
class Connection:
    """What the endpoint saw of a connection whose TLS handshake succeeded."""

    #: The certificate's subject as RFC 2253 writes it.
    subject: str
    #: The certificate's serial number, which a renewed one does not share.
    serial_number: int
    #: Clients need no login on the connections by which they watch the server.
    authenticated: bool = False
    #: Why logins and commands were refused, in more words than the client was told.
    refusals: tuple[str, ...] = ()
    #: How many commands went on to the server behind.
    relayed: int = 0
    open: bool = True


@dataclass(frozen=True)
class Pose:
    """The replica set that the endpoint pretends to be the primary of."""

    host: str
    replica_set: str

    def hello(self, request: Message, true_answer: Mapping[str, Any]) -> dict[str, Any]:
        """Make the answer to a `hello` from the one of the server behind."""
        answer = {name: value for name, value in true_answer.items() if name not in NOT_OFFERED}
        answer |= {
            "setName": self.replica_set,
            "setVersion": 1,
            "hosts": [self.host],
            "primary": self.host,
            "me": self.host,
            "secondary": False,
        }
        if next(iter(request.body)) != "hello":
            answer |= {"ismaster": answer.pop("isWritablePrimary", False), "helloOk": True}
        return answer


class RefusedError(Exception):
    """A command is refused; the text is for the endpoint's record."""

    def __init__(self, reason: str, code: int, name: str, told: str) -> None:
        super().__init__(reason)
        self.answer = {"ok": 0.0, "errmsg": told, "code": code, "codeName": name}


class Session:
    """A client's connection, and the one to the server behind that belongs to it."""

    def __init__(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[str, int],
        pose: Pose,
        users: AbstractSet[str],
    ) -> None:
        self._client, self._to_client = client
        self._server = server
        self._pose = pose
        self._users = users
        # By the ids of the requests: what the client asked, and what to add to the answer.
        self._hellos: dict[int, tuple[Message, dict[str, Any]]] = {}
        self._refused_by_server: frozenset[str] = frozenset()
        certificate = peer_certificate(self._to_client)
        self.seen = Connection(certificate.subject.rfc4514_string(), certificate.serial_number)

    async def serve(self) -> None:
        """Serve the client until one of both sides closes its connection."""
        try:
            # Without the server behind, the client has to see a server that does not answer.
            server, to_server = await asyncio.open_connection(*self._server)
        except OSError:
            self.abort()
            return
        directions = [
            asyncio.create_task(self._relay_requests(to_server)),
            asyncio.create_task(self._relay_answers(server)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            for problem in await asyncio.gather(*directions, return_exceptions=True):
                if isinstance(problem, Exception) and not isinstance(problem, ConnectionError):
                    self._note(f"{type(problem).__name__}: {problem}")
            to_server.transport.abort()
            self.abort()

    def abort(self) -> None:
        """Break off the client's connection."""
        self._to_client.transport.abort()
        self.seen = replace(self.seen, open=False)

    async def _relay_requests(self, to_server: asyncio.StreamWriter) -> None:
        while request := await read_message(self._client):
            try:
                if next(iter(request.body)) in LOGIN:
                    await self._answer(request, self._login(request.body, request.body["$db"]))
                else:
                    to_server.write(self._admit(request).raw)
                    await to_server.drain()
            except RefusedError as error:
                self._note(str(error))
                if request.wants_answer:
                    await self._answer(request, error.answer)

    async def _relay_answers(self, server: asyncio.StreamReader) -> None:
        while answer := await read_message(server):
            hello = self._hellos.pop(answer.response_to, None)
            if hello is None:
                self._to_client.write(answer.raw)
                await self._to_client.drain()
                continue
            request, extra = hello
            if "setName" not in answer.body:
                self._refused_by_server = REFUSED_BY_STANDALONE
            await self._answer(request, self._pose.hello(request, answer.body) | extra)

    async def _answer(self, request: Message, answer: Mapping[str, Any]) -> None:
        self._to_client.write(answer_message(request, answer))
        await self._to_client.drain()

    def _note(self, refusal: str) -> None:
        self.seen = replace(self.seen, refusals=(*self.seen.refusals, refusal))

    def _admit(self, request: Message) -> Message:
        """Return what to send to the server behind for a command that is no login."""
        command = next(iter(request.body))
        if command in HELLO:
            return self._hello(request)
        if not self.seen.authenticated and command not in OPEN_TO_ALL:
            raise RefusedError(
                f"{command} without a login",
                UNAUTHORIZED,
                "Unauthorized",
                f"Command {command} requires authentication",
            )
        self.seen = replace(self.seen, relayed=self.seen.relayed + 1)
        return request.without(self._refused_by_server)

    def _hello(self, request: Message) -> Message:
        """Return a `hello` of the endpoint's own, and remember how to answer the client's."""
        extra: dict[str, Any] = {}
        login = request.body.get("speculativeAuthenticate")
        if login is not None:
            # A wrong login of this kind is left out of the answer; the client then logs in by a
            # command, which is refused.
            try:
                extra["speculativeAuthenticate"] = self._login(login, login.get("db", EXTERNAL))
            except RefusedError as error:
                self._note(str(error))
        question = command_message({"hello": 1, "$db": "admin"})
        self._hellos[question.request_id] = request, extra
        return question

    def _login(self, command: Mapping[str, Any], database: str) -> dict[str, Any]:
        """Check a login and return the answer to it."""
        mechanism, user = command.get("mechanism"), command.get("user")
        if mechanism != MECHANISM or next(iter(command)) != "authenticate":
            raise RefusedError(
                f"mechanism {mechanism!r}",
                MECHANISM_UNAVAILABLE,
                "MechanismUnavailable",
                f"Received authentication for mechanism {mechanism} which is not enabled",
            )
        subject = self.seen.subject
        if database != EXTERNAL:
            raise authentication_failed(f"database {database!r} instead of {EXTERNAL!r}")
        if user is not None and user != subject:
            raise authentication_failed(f"user {user!r} with a certificate of {subject!r}")
        if subject not in self._users:
            raise authentication_failed(f"{subject!r} is no user of {EXTERNAL}")
        self.seen = replace(self.seen, authenticated=True)
        return {"dbname": EXTERNAL, "user": subject, "ok": 1.0}


def authentication_failed(reason: str) -> RefusedError:
    """Make the refusal that tells the client no more than that its login is wrong."""
    return RefusedError(
        reason, AUTHENTICATION_FAILED, "AuthenticationFailed", "Authentication failed."
    )


def peer_certificate(writer: asyncio.StreamWriter) -> x509.Certificate:
    """Return the certificate that the other side of a TLS connection has presented."""
    tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
    encoded = tls.getpeercert(binary_form=True)
    if encoded is None:
        raise ProtocolError("a TLS connection without a client certificate")
    return x509.load_der_x509_certificate(encoded)
