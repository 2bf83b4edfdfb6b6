"""The reason why a request can't be served now, though it may be in a moment: status 503."""


class UnavailableError(Exception):
    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
