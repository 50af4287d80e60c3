"""Asks nodes for their parameters, for one who was not there when they declared them.

Nodes without parameter services, such as those of the commands, are never asked: a client that
waits for what does not come costs more with every look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rcl_interfaces.msg import Parameter, ParameterEvent
from rclpy.node import NodeNameNonExistentError
from rclpy.parameter_client import AsyncParameterClient

from compression_boot_control.nodes.runtime import SafeNode


class ParameterInquiry:
    """Asks each node once, as soon as it answers.

    Parameters
    ----------
    node : SafeNode
        Asks; only about nodes of its own namespace.
    answered : callable
        Takes the parameters of one node as an event of theirs.
    """

    def __init__(self, node: SafeNode, answered: Callable[[ParameterEvent], None]) -> None:
        self._node = node
        self._answered = answered
        self._clients: dict[str, AsyncParameterClient] = {}
        self._asked: set[str] = set()

    def forget(self) -> None:
        """Ask all of them anew."""
        self._asked.clear()

    def look(self) -> None:
        """Ask the nodes that are new."""
        for name, namespace in self._node.get_node_names_and_namespaces():
            full_name = f'{namespace.rstrip("/")}/{name}'
            if namespace != self._node.get_namespace() or full_name in self._asked:
                continue
            if self._offers_parameters(name, namespace):
                self._ask(full_name)

    def _offers_parameters(self, name: str, namespace: str) -> bool:
        try:
            offered = self._node.get_service_names_and_types_by_node(name, namespace)
        except NodeNameNonExistentError:
            return False
        return any(service.endswith('/list_parameters') for service, _ in offered)

    def _ask(self, full_name: str) -> None:
        if full_name not in self._clients:
            self._clients[full_name] = AsyncParameterClient(self._node, full_name)
        client = self._clients[full_name]
        if not client.services_are_ready():
            return
        self._asked.add(full_name)

        def on_names(future: Any) -> None:
            names = list(future.result().result.names)
            client.get_parameters(names).add_done_callback(
                self._node.guard(lambda answer: on_values(names, answer.result().values))
            )

        def on_values(names: list[str], values: Iterable[Any]) -> None:
            event = ParameterEvent(node=full_name)
            event.stamp = self._node.get_clock().now().to_msg()
            event.new_parameters = [
                Parameter(name=name, value=value) for name, value in zip(names, values, strict=True)
            ]
            self._answered(event)

        client.list_parameters().add_done_callback(self._node.guard(on_names))
