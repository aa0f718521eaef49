"""Messages about long waits, and one-shot queries to an engine."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from engine.state.startup_stages import Patience, Stage
from tui.headless.output import print_message

if TYPE_CHECKING:
    from engine.client import Connect, EngineLike

CHECK_SECONDS = 0.5
_T = TypeVar("_T")


@contextlib.asynccontextmanager
async def reporting_waits(
    stage: Callable[[], Stage | None], notify: Callable[[str], object], hint: str
) -> AsyncIterator[None]:
    """While the block runs, report stages that take long, with a `hint` how to end the wait."""

    async def watch() -> None:
        patience, reported = Patience(), ""
        while True:
            patience.look(stage())
            if patience.said != reported and (reported := patience.said):
                with contextlib.suppress(OSError):
                    notify(f"{reported}; {hint}.")
            await asyncio.sleep(CHECK_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


def ask_engine(connect: Connect, ask: Callable[[Connect], Awaitable[_T]]) -> _T:
    """Run `ask` with a function that connects to an engine, and return its result. SIGTERM and SIGHUP act like Ctrl+C.

    Long waits are reported on standard error.
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
        async with reporting_waits(stage, _notify, "press Ctrl+C to cancel"):
            return await ask(connected)

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        if not ended:
            raise
        raise SystemExit(128 + ended[0]) from None


def _notify(text: str) -> None:
    print_message(f"mnist-tui: {text}")
