"""Turns the settings into a client of PyMongo."""

from typing import Any

from pymongo import AsyncMongoClient
from pymongo.monitoring import (
    ConnectionCheckedInEvent,
    ConnectionCheckedOutEvent,
    ConnectionCheckOutFailedEvent,
    ConnectionCheckOutStartedEvent,
    ConnectionClosedEvent,
    ConnectionCreatedEvent,
    ConnectionPoolListener,
    ConnectionReadyEvent,
    PoolClearedEvent,
    PoolClosedEvent,
    PoolCreatedEvent,
    PoolReadyEvent,
)

from app.core import metrics
from app.core.settings import Settings


def create_client(settings: Settings) -> AsyncMongoClient[dict[str, Any]]:
    """Connects with the first operation.

    Raises ConfigurationError for certificates that it can't read, and SettingsError for a password.
    """
    return AsyncMongoClient(**_options(settings))


# After a refused login PyMongo does not use a server before it has heard of it again, and it asks
# this often, or when the server has news.
_HEARTBEAT_MILLISECONDS = 2000


def _options(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "appname": "users-service",
        "event_listeners": [PoolFigures()],
        "tz_aware": True,
        # Acknowledged is what a majority has, and so what a new primary has as well.
        "w": "majority",
        "heartbeatFrequencyMS": _HEARTBEAT_MILLISECONDS,
        "minPoolSize": settings.mongodb_min_pool_size,
        "maxPoolSize": settings.mongodb_max_pool_size,
        "serverSelectionTimeoutMS": settings.mongodb_server_selection_timeout_ms,
        "connectTimeoutMS": settings.mongodb_connect_timeout_ms,
        "timeoutMS": settings.mongodb_timeout_ms,
    }
    if settings.mongodb_uri is not None:
        # An argument would win over an option of the connection string.
        chosen = settings.options_of_uri - {"w"}
        options = {name: value for name, value in options.items() if name.lower() not in chosen}
        return {"host": settings.mongodb_uri.get_secret_value(), **options}

    options["host"] = [
        f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in settings.hosts
    ]
    if settings.mongodb_replica_set is not None:
        options["replicaSet"] = settings.mongodb_replica_set
    if settings.mongodb_auth_mechanism is not None:
        options["authMechanism"] = settings.mongodb_auth_mechanism
    if settings.mongodb_username is not None:
        options["username"] = settings.mongodb_username
    if (password := settings.read_password()) is not None:
        options["password"] = password
    if settings.mongodb_auth_mechanism == "MONGODB-X509":
        options["authSource"] = "$external"
    elif settings.mongodb_username is not None:
        options["authSource"] = settings.mongodb_auth_source or "admin"
    if settings.mongodb_tls:
        options["tls"] = True
        files = settings.tls_files
        if files.certificate_authority is not None:
            options["tlsCAFile"] = str(files.certificate_authority)
        if files.certificate_key is not None:
            options["tlsCertificateKeyFile"] = str(files.certificate_key)
    return options


class PoolFigures(ConnectionPoolListener):
    """Counts connections as PyMongo reports them."""

    def connection_created(self, _: ConnectionCreatedEvent) -> None:
        metrics.POOL_CONNECTIONS.inc()

    def connection_closed(self, _: ConnectionClosedEvent) -> None:
        metrics.POOL_CONNECTIONS.dec()

    def connection_checked_out(self, _: ConnectionCheckedOutEvent) -> None:
        metrics.POOL_CONNECTIONS_IN_USE.inc()

    def connection_checked_in(self, _: ConnectionCheckedInEvent) -> None:
        metrics.POOL_CONNECTIONS_IN_USE.dec()

    def connection_check_out_failed(self, event: ConnectionCheckOutFailedEvent) -> None:
        metrics.POOL_FAILURES.labels(event.reason).inc()

    def pool_created(self, event: PoolCreatedEvent) -> None: ...
    def pool_ready(self, event: PoolReadyEvent) -> None: ...
    def pool_cleared(self, event: PoolClearedEvent) -> None: ...
    def pool_closed(self, event: PoolClosedEvent) -> None: ...
    def connection_ready(self, event: ConnectionReadyEvent) -> None: ...
    def connection_check_out_started(self, event: ConnectionCheckOutStartedEvent) -> None: ...
