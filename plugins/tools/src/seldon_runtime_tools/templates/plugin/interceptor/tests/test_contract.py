"""The suite that every interceptor of the runtime passes."""

from __future__ import annotations

from types import MappingProxyType

from seldon_my_name.plugin import MyNameInterceptor

from seldon_runtime.plugin import Interceptor, Service
from seldon_runtime.testing import InterceptorContract


class TestMyName(InterceptorContract):
    headers = MappingProxyType({"authorization": "Bearer sesame"})  # what the interceptor requires
    passes_unchanged = True  # False for an interceptor that changes answers

    def make_interceptor(self, service: Service) -> Interceptor:
        return MyNameInterceptor("sesame")
