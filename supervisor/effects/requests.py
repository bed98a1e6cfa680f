"""The requests that an HTTP client sends: method, body and upload decide."""

from __future__ import annotations

from dataclasses import dataclass, field

from supervisor.effects import graphql
from supervisor.effects.invocation import Invocation
from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.rules import Role
from supervisor.effects.targets import fetches, url_target
from supervisor.effects.words import Word

READ, UNKNOWN_KIND, WRITE = EffectKind.READ, EffectKind.UNKNOWN, EffectKind.WRITE
_READ_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


@dataclass
class Requests(Invocation):
    """A call that may send requests.

    Attributes:
        http: what decides the method, as given.
        urls: where it sends them.
        sends_file: what a file holds goes along.
    """

    http: dict[Role, Word] = field(default_factory=dict)
    urls: list[Word] = field(default_factory=list)
    sends_file: bool = False

    def _graphql(self, field: Word) -> None:
        """Judge one `NAME=VALUE` of a GraphQL request: `query` is the document, all others are variables."""
        key, equals, document = field.prefix.partition("=")
        if not equals:
            self._emit_base(WRITE, "which field is sent is not known before it runs")
        elif key == "query" and not (field.exact and graphql.only_asks(document)):
            self._emit_base(WRITE, "the GraphQL document may do more than ask")

    def _http(self) -> None:
        method = self.http.get(Role.METHOD)
        if method is not None:
            verb = method.text.upper() if method.exact else "*"
        elif Role.UPLOAD in self.http:
            verb = "PUT"
        elif Role.GET in self.http:
            verb = "GET"
        else:
            verb = "POST" if Role.BODY in self.http else "GET"
        kind = READ if verb in _READ_METHODS else UNKNOWN_KIND if verb == "*" else WRITE
        if self.rule.effect is WRITE and method is None:
            kind = WRITE
        if self.rule.stdin == "body" and self.state.stdin is not None and "no-input" not in self.named:
            self.sends_file = True
        for url in self.urls:
            target = url_target(url)
            if kind is READ and not fetches(url):
                self._emit(UNKNOWN_KIND, target, "what such a URL sends is not known")
                continue
            if kind is READ and self.sends_file and target.scope is Scope.REMOTE:
                self._emit(UNKNOWN_KIND, target, "sends what a file or the input holds along")
                continue
            self._emit(kind, target, f"sends a {verb} request", consumes=self.rule.consumes)
