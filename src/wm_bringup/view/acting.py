"""What is done to a page, and what people do on it: all of it in viser's own thread.

viser queues what it sends under a lock, but wakes its senders by an ``asyncio.Event``, which only
the thread of its event loop may set. From another thread that fails once in thousands of pictures
("deque mutated during iteration"), and the page is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import viser

T = TypeVar("T")


def in_loop(server: viser.ViserServer, act: Callable[[], T]) -> T:
    """Do it in the thread of the server's event loop; return or raise what came of it."""

    async def call() -> T:
        return act()

    loop: asyncio.AbstractEventLoop = server.get_event_loop()
    return asyncio.run_coroutine_threadsafe(call(), loop).result()


def on_leaving(server: viser.ViserServer, act: Callable[[int], None]) -> None:
    """Act when a client has left, by its number."""

    async def left(client: viser.ClientHandle) -> None:
        act(client.client_id)

    server.on_client_disconnect(left)


def on_click(handle: Any, act: Callable[[Any], None]) -> None:  # noqa: ANN401 - viser's handles
    """Act on a button; viser calls what is no coroutine in threads of its own."""

    async def clicked(event: Any) -> None:  # noqa: ANN401
        act(event)

    handle.on_click(clicked)


def on_change(handle: Any, act: Callable[[Any], None]) -> None:  # noqa: ANN401 - viser's handles
    """Act on what people change, not on what the page itself does."""

    async def changed(event: Any) -> None:  # noqa: ANN401
        if event.client_id is not None:
            act(event)

    handle.on_update(changed)
