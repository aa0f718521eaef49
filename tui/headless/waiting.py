"""Saying what is waited for, once that takes longer than it should; and commands that ask an engine one thing."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from engine.state.startup_stages import Patience, Stage
from tui.headless.output import tell

if TYPE_CHECKING:
    from engine.client import Connect, EngineLike

LOOK_SECONDS = 0.5
_T = TypeVar("_T")


@contextlib.asynccontextmanager
async def told(stage: Callable[[], Stage | None], say: Callable[[str], object], how: str) -> AsyncIterator[None]:
    """Meanwhile say what is waited for where it takes long, and `how` to end that."""

    async def look() -> None:
        patience, said = Patience(), ""
        while True:
            patience.look(stage())
            if patience.said != said and (said := patience.said):
                with contextlib.suppress(OSError):
                    say(f"{said}; {how}.")
            await asyncio.sleep(LOOK_SECONDS)

    evaluating = asyncio.create_task(look())
    try:
        yield
    finally:
        evaluating.cancel()


def ask_engine(connect: Connect, ask: Callable[[Connect], Awaitable[_T]]) -> _T:
    """What `ask` returns, which is given a way to connect to an engine. SIGTERM and SIGHUP end it like Ctrl+C.

    What takes long is told on standard error.
    """
    ended: list[int] = []

    async def run() -> _T:
        engine: EngineLike | None = None

        async def connected() -> EngineLike:
            nonlocal engine
            engine = await connect()
            return engine

        def stage() -> Stage:
            if engine is None:
                return "starting"
            return "answer" if engine.ready else "importing"

        task, loop = asyncio.current_task(), asyncio.get_running_loop()

        def end(number: int) -> None:
            ended.append(number)
            if task is not None:
                task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                loop.add_signal_handler(number, end, number)
        async with told(stage, _say, "Ctrl+C gives up"):
            return await ask(connected)

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        if not ended:
            raise
        raise SystemExit(128 + ended[0]) from None


def _say(text: str) -> None:
    tell(f"mnist-tui: {text}")
