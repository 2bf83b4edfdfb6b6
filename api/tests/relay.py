"""A relay in front of the database that a test can stop, as a network does."""

import asyncio

from tests.support.listener import Listener


class Relay(Listener):
    """Passes bytes on between clients and the server, unless it is frozen."""

    def __init__(self, server: tuple[str, int], port: int = 0) -> None:
        super().__init__(port)
        self._server = server
        self._open = asyncio.Event()
        self._open.set()

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def freeze(self) -> None:
        """Pass nothing on, and close nothing: who sends hears no more."""
        self._open.clear()

    def thaw(self) -> None:
        self._open.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._server)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            self._spawn(self._pass_on(source, sink))

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                await self._open.wait()
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            # The other direction ends as well.
            pass
        finally:
            sink.close()
