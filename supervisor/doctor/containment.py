"""Floor 4: what still runs cannot reach the world. Proven with all other floors taken away."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from supervisor.doctor.stage import Check, claude_words, converse, write_call, write_script
from supervisor.errors import SuperviseError
from supervisor.places import Places
from supervisor.session import settings
from supervisor.session.find import Claude
from supervisor.session.model_process import start_model
from supervisor.shadow.capabilities import Capabilities, probe
from supervisor.shadow.kept import open_shadow
from supervisor.shadow.shell import in_shadow, make_shell
from supervisor.shadow.world import Openings

_HOLDS = "floor 4: what still runs cannot reach the world"
_CONTROL = "control: without floor 4 the same calls reach it"
_HOW = "no gate, every call allowed"


def prove_containment(claude: Claude) -> Iterator[Check]:
    """What the machine gives, and whether calls that nothing refuses stay in the shadow.

    The last check takes the shadow away: there they must get out, or the one before proves nothing.
    """
    with tempfile.TemporaryDirectory(prefix="supervise-doctor-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        workspace = folder / "workspace"
        workspace.mkdir()
        able = probe(workspace, folder / "state")
        for part in able.parts:
            present = True if part.present else None
            yield Check(f"floor 4: {part.part.value}", present, part.why, part.cure)
        if able.contained and able.sandbox:
            yield _tried(claude, folder / "in", able)
    with tempfile.TemporaryDirectory(prefix="supervise-doctor-") as made:
        yield _tried(claude, Path(made) / "out", None)


def _tried(claude: Claude, folder: Path, able: Capabilities | None) -> Check:
    """Play a write in the folder, one outside of it, and a connection; in a shadow unless `able` is None."""
    name, expected = (_CONTROL, True) if able is None else (_HOLDS, False)
    places = Places(folder / "state", folder / "config", folder / "sockets")
    workspace, outside, home = (folder / each for each in ("workspace", "outside", "home"))
    for each in (workspace, outside, places.state, places.runtime):
        each.mkdir(parents=True)
    with ExitStack() as stack:
        service = stack.enter_context(socket.socket())
        service.bind(("127.0.0.1", 0))
        service.listen()
        service.setblocking(False)
        port = service.getsockname()[1]
        commands = (f"echo x > {outside}/bash.txt", f"exec 3<>/dev/tcp/127.0.0.1/{port}")
        calls = [write_call(workspace / "tried.txt"), write_call(outside / "write.txt")]
        calls += [{"tool": "Bash", "input": {"command": command}} for command in commands]
        model = stack.enter_context(start_model(write_script(folder, *calls), workspace))
        settings.prepare_private_home(home, workspace)
        env = {**settings.private_environment(home, model.base_url), **settings.ALWAYS}
        argv = claude_words(claude, folder, {}, "bypassPermissions")
        try:
            if able is not None:
                shadow = open_shadow(places, "doctor", workspace, able)
                shell = make_shell(places.run_state("doctor"), in_shadow())
                env |= shell.environment
                show = (
                    claude.path,
                    shell.path.parent,
                    Path(sys.prefix),
                    Path(sys.base_prefix),
                    folder / "mcp.json",
                )
                argv = shadow.wrap(
                    shell.start(argv), env, Openings((places.state, places.runtime), None, show)
                )
            done = converse(argv, workspace, env, "Try it.")
        except (SuperviseError, OSError, subprocess.TimeoutExpired) as cause:
            return Check(name, False, f"{_HOW}: {cause}")
        if done.stdout.count('"tool_use"') < len(calls):
            said = (done.stderr or done.stdout).strip()[-200:]
            return Check(name, False, f"{_HOW}: the scripted calls were never tried: {said}")
        got_out = [path.name for path in (*workspace.iterdir(), *outside.iterdir()) if path.suffix == ".txt"]
        with suppress(BlockingIOError):
            service.accept()[0].close()
            got_out.append("a connection")
    seen = f"{', '.join(sorted(got_out))} got out" if got_out else "nothing got out"
    held = len(got_out) == len(calls) if expected else not got_out
    cure = "" if held else "Do not trust a dry run on this machine; please report this."
    return Check(name, held, f"{_HOW}: {seen}", cure)
