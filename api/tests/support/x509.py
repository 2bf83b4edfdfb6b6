"""A TLS endpoint for the login by MONGODB-X509, which not every server of the tests has.

    authority = CertificateAuthority.create()
    certificate = authority.client("users-service")
    with X509Endpoint(database.address, authority, users={certificate.subject}) as endpoint:
        client = MongoClient(
            endpoint.uri,
            tlsCAFile=authority.write(directory / "ca.pem"),
            tlsCertificateKeyFile=certificate.write(directory / "client.pem"),
        )

It requires a client certificate of its authority, poses as the primary of a replica set, checks
the login as MongoDB does, and relays every other command to a server without TLS and login.

What passes here shows our client's side only: that it presents the certificate, names the
mechanism, the database and the user as it should, and takes a refusal for what it is. It says
nothing about how MongoDB itself is set up. Nor does it make a replica set of a server that is
none: such a server gets its writes without the transaction numbers that would make a second
attempt harmless.
"""

import asyncio
import socket
import ssl
import tempfile
import threading
from collections.abc import Coroutine, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.certificates import CertificateAuthority
from tests.support.x509_session import MECHANISM, Connection, Pose, Session

__all__ = ["Connection", "X509Endpoint"]

HANDSHAKE_SECONDS = 10


class X509Endpoint:
    """The endpoint, in a thread of its own while its context lasts."""

    replica_set = "rs0"

    def __init__(
        self,
        server: tuple[str, int],
        authority: CertificateAuthority,
        users: Iterable[str] = (),
    ) -> None:
        #: The users of `$external`; tests may change them at any time.
        self.users = set(users)
        self._server = server
        self._context = server_context(authority)
        self._sessions: list[Session] = []
        self._failed_handshakes: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="x509", daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._port = int(self._listener.getsockname()[1])

    @property
    def host(self) -> str:
        """Address and port, as connection strings name them."""
        return f"127.0.0.1:{self._port}"

    @property
    def uri(self) -> str:
        """A connection string that lacks only the paths of the client's files."""
        return (
            f"mongodb://{self.host}/?replicaSet={self.replica_set}"
            f"&tls=true&authMechanism={MECHANISM}&authSource=%24external"
        )

    @property
    def connections(self) -> list[Connection]:
        """All connections so far, the oldest first."""
        return [session.seen for session in list(self._sessions)]

    @property
    def failed_handshakes(self) -> list[str]:
        """Why TLS handshakes failed, the oldest first, in OpenSSL's words."""
        return list(self._failed_handshakes)

    def close_connections(self) -> None:
        """Break off all connections at once; clients may open new ones."""

        async def abort() -> None:
            for session in self._sessions:
                session.abort()

        self._run(abort())

    def close(self) -> None:
        """Stop listening and break off all connections."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():

            async def cancel() -> None:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

            self._run(cancel())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._listener.close()
        self._loop.close()

    def __enter__(self) -> Self:
        self._thread.start()

        async def listen() -> None:
            self._keep(self._accept())

        self._run(listen())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the endpoint's own thread and wait for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task; the event loop itself would let it be collected halfway."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        while True:
            connection, _ = await self._loop.sock_accept(self._listener)
            self._keep(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await self._loop.connect_accepted_socket(
                lambda: protocol,
                connection,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except OSError as error:
            self._failed_handshakes.append(
                error.reason if isinstance(error, ssl.SSLError) else type(error).__name__
            )
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        session = Session(
            (reader, writer), self._server, Pose(self.host, self.replica_set), self.users
        )
        self._sessions.append(session)
        await session.serve()


def server_context(authority: CertificateAuthority) -> ssl.SSLContext:
    """Make the settings of a server that requires certificates of the authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=authority.certificate_pem)
    context.verify_mode = ssl.CERT_REQUIRED
    # OpenSSL takes a key from a file only.
    with tempfile.TemporaryDirectory() as directory:
        context.load_cert_chain(
            authority.server("127.0.0.1", "localhost").write(Path(directory) / "server.pem")
        )
    return context
