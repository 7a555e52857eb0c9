"""What the API refuses before the core sees it. The status of each code: `problems`."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import RollupError

__all__ = [
    "ApiError",
    "BodyTooLarge",
    "ConnectionsExhausted",
    "HeadersTooLarge",
    "InternalError",
    "MediaTypeUnsupported",
    "MethodNotAllowed",
    "NodeDraining",
    "NotFound",
    "OriginForbidden",
    "RateExceeded",
    "RequestMalformed",
    "RequestTimeout",
]


@dataclass(eq=False)
class ApiError(RollupError):
    """A request is refused at the door."""

    code = "api_error"


@dataclass(eq=False)
class RequestMalformed(ApiError):
    """The request is not what the endpoint takes."""

    code = "request_malformed"
    where: str  # "body", "path", "query", "message", or "HTTP"
    fact: str

    def __str__(self) -> str:
        return f"{self.where}: {self.fact}"


@dataclass(eq=False)
class OriginForbidden(ApiError):
    """A page of another site may not open a stream unless the node's configuration names it."""

    code = "origin_forbidden"
    origin: str


@dataclass(eq=False)
class NotFound(ApiError):
    """There is no such thing."""

    code = "not_found"
    what: str
    name: str

    def __str__(self) -> str:
        return f"no {self.what} {self.name}"


@dataclass(eq=False)
class MethodNotAllowed(ApiError):
    """The path takes other methods."""

    code = "method_not_allowed"
    method: str
    allowed: str

    def __str__(self) -> str:
        return f"method {self.method}: this path takes {self.allowed}"


@dataclass(eq=False)
class RequestTimeout(ApiError):
    """The request did not arrive whole in time."""

    code = "request_timeout"
    limit_s: float

    def __str__(self) -> str:
        return f"the request did not arrive whole within {self.limit_s:g} s"


@dataclass(eq=False)
class BodyTooLarge(ApiError):
    """The body, or a batch in it, is larger than the node takes."""

    code = "body_too_large"
    what: str
    limit: int

    def __str__(self) -> str:
        return f"{self.what}: at most {self.limit}"


@dataclass(eq=False)
class MediaTypeUnsupported(ApiError):
    """The body is of another type."""

    code = "media_type_unsupported"
    got: str
    expected: str

    def __str__(self) -> str:
        return f"content type {self.got or 'missing'}, expected {self.expected}"


@dataclass(eq=False)
class RateExceeded(ApiError):
    """Too much in too short a time. Retry after the stated seconds."""

    code = "rate_exceeded"
    what: str  # "requests of this address", "commands of this address", "commands of account N"
    limit_per_s: int
    retry_after_s: int

    def __str__(self) -> str:
        return f"{self.what}: at most {self.limit_per_s} a second; try again in {self.retry_after_s} s"


@dataclass(eq=False)
class HeadersTooLarge(ApiError):
    """The request line and headers are longer than the node takes."""

    code = "headers_too_large"
    limit_bytes: int

    def __str__(self) -> str:
        return f"request line and headers: at most {self.limit_bytes} bytes"


@dataclass(eq=False)
class ConnectionsExhausted(ApiError):
    """The node, or this address, has as many connections as may be."""

    code = "connections_exhausted"
    what: str
    limit: int

    def __str__(self) -> str:
        return f"{self.what}: at most {self.limit} connections"


@dataclass(eq=False)
class NodeDraining(ApiError):
    """The node is about to end and takes nothing more."""

    code = "node_draining"

    def __str__(self) -> str:
        return "the node is about to end"


@dataclass(eq=False)
class InternalError(ApiError):
    """The node failed. Its log says how."""

    code = "internal_error"

    def __str__(self) -> str:
        return "the node failed; its log says how"
