"""The private names of Textual and rich that we use exist, have the expected signatures, and are used in one place."""

from __future__ import annotations

import ast
import asyncio
import inspect
from pathlib import Path

import pytest
from rich.console import Console
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region

from tui.terminal import textual_internals as internals

TUI = Path(__file__).parents[2] / "tui"
OWNER = TUI / "terminal" / "textual_internals.py"
OVERRIDDEN = {name for methods in internals.OVERRIDDEN.values() for name in methods}
ASSIGNED_BY_THE_DRIVER = {"_file", "_must_signal_resume"}


@pytest.mark.parametrize(
    ("kind", "name", "parameters"),
    [
        (kind, name, parameters)
        for kind, methods in internals.OVERRIDDEN.items()
        for name, parameters in methods.items()
    ],
)
def test_overridden_method_has_the_expected_signature(kind: type, name: str, parameters: tuple[str, ...]) -> None:
    assert tuple(inspect.signature(getattr(kind, name)).parameters) == parameters


def test_only_check_bindings_is_a_coroutine_function() -> None:
    found = {name for kind, methods in internals.OVERRIDDEN.items() for name in methods if is_coroutine(kind, name)}
    assert found == {"_check_bindings"}


def is_coroutine(kind: type, name: str) -> bool:
    return inspect.iscoroutinefunction(getattr(kind, name))


async def test_attributes_exist() -> None:
    app: App[None] = App()
    owners = {App: app, Console: Console(), LinuxDriver: LinuxDriver(app), Stylesheet: Stylesheet()}
    assert set(owners) == set(internals.ATTRIBUTES)
    for kind, names in internals.ATTRIBUTES.items():
        assert [name for name in names if not hasattr(owners[kind], name)] == []


async def test_functions_return_what_they_promise() -> None:
    app: App[None] = App()
    driver = LinuxDriver(app)
    assert internals.driver_loop(driver) is asyncio.get_running_loop()
    assert internals.driver_app(driver) is app
    assert not internals.is_writing(driver) and not internals.is_reading(driver)
    assert not internals.reports_size_in_band(driver) and not internals.reports_mouse_in_pixels(driver)
    assert internals.color_system(Console(color_system=None)) is None
    assert internals.stylesheet_variables(Stylesheet(variables={"a": "1"})) == {"a": "1"}
    async with app.run_test():
        assert internals.event_loop(app) is asyncio.get_running_loop()
        assert internals.driver(app) is not None
        assert not internals.is_painting(app)  # headless
        assert isinstance(internals.filters(app), list)
        internals.set_return_code(app, 7)
        assert app.return_code == 7


async def test_fail_ends_the_app_with_the_first_exception() -> None:
    app: App[None] = App()
    first, second = ValueError("first"), ValueError("second")
    with pytest.raises(ValueError, match="first"):
        async with app.run_test():
            assert internals.fail(app, first, 4)
            assert not internals.fail(app, second, 4)
    assert internals.exception(app) is first
    assert app.return_code == 4


def test_updates_are_built_and_read_as_expected() -> None:
    layout = internals.LayoutUpdate([], Region(0, 0, 1, 1))
    chops = internals.ChopsUpdate([], [], [])
    assert (layout.strips, layout.region) == ([], Region(0, 0, 1, 1))
    assert (chops.chops, chops.spans, chops.chop_ends) == ([], [], [])
    assert all(isinstance(update, internals.CompositorUpdate) for update in (layout, chops))
    assert tuple(inspect.signature(internals.CompositorUpdate.render_segments).parameters) == ("self", "console")


def test_the_parser_and_the_clock_are_callable_as_expected() -> None:
    assert list(internals.XTermParser().feed("a"))
    assert isinstance(internals.get_time(), float)


@pytest.mark.parametrize("path", sorted(TUI.rglob("*.py")), ids=lambda path: str(path.relative_to(TUI)))
def test_no_other_module_uses_a_private_name(path: Path) -> None:
    if path == OWNER:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("textual._", "rich._"))
    ]
    assert imported == []
    names = {name for names in internals.ATTRIBUTES.values() for name in names} | OVERRIDDEN
    own = names_defined(tree) | OVERRIDDEN
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & names
    assert used - own == set()


def names_defined(tree: ast.Module) -> set[str]:
    """Attributes that the module assigns itself, such as a `_app` of its own; the driver's are Textual's."""
    stored = {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    fields = {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    return stored | fields | ASSIGNED_BY_THE_DRIVER
