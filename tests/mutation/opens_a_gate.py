"""Which surviving mutants open a gate: python tests/mutation/opens_a_gate.py mutants.

mutmut says which mutants no test kills. Most of them change a message. What must not be is one that
opens a gate, so each survivor decides every case of the table of deviations, single and in pairs,
and is compared with the original; and it is asked for everything that keeps a plan from going.
Exits 1 when one opens a gate that the original keeps closed, or lets something go.
"""

import importlib
import importlib.util
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from types import ModuleType
from typing import Any

KILLED = 1
_WORDS = {0: "survived", 1: "killed", 33: "not reached", 36: "endless", 24: "endless"}
_SECONDS = 60


def load(path: Path) -> ModuleType:
    """Import a file of the tests by its path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mutants(folder: Path) -> dict[str, int]:
    """Return every mutant with how its test run ended."""
    found: dict[str, int] = {}
    for meta in sorted(folder.rglob("*.py.meta")):
        found |= json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
    return found


def cases(folder: Path) -> tuple[Any, list[Any]]:
    """Return the builders and every case: healthy, each deviation, each two in either order."""
    build = load(folder / "tests/rules/conftest.py").Build
    table = load(folder / "tests/rules/test_gate_deviations.py")
    changes = [change for change, _ in table.DEVIATIONS.values()]
    made = [table.healthy(build), *(change(table.healthy(build), build) for change in changes)]
    made += [two(one(table.healthy(build), build), build) for one, two in permutations(changes, 2)]
    return build, made


def opened(build: Any, made: list[Any]) -> Iterator[int]:
    """Yield the number of each case whose gate is open; what raises or hangs opens nothing."""
    from azstaging.rules.gate import decide

    for number, case in enumerate(made):
        try:
            if decide(case, now=build.now).open:
                yield number
        except TimeoutError:
            return
        except Exception:
            continue


def let_go(build: Any, refused: dict[str, Any]) -> Iterator[str]:
    """Yield the name of each refusal that lets something go; what raises or hangs lets nothing."""
    for name, asked in refused.items():
        try:
            if asked(build):
                yield name
        except TimeoutError:
            return
        except Exception:
            continue


def give_up(_signal: int, _frame: object) -> None:
    raise TimeoutError


def main(folder: Path) -> int:
    sys.path[:0] = [str(folder / "src"), str(folder / "tests")]
    os.environ["MUTANT_UNDER_TEST"] = ""
    build, made = cases(folder)
    right = set(opened(build, made))
    assert right == {0}, "only the healthy case is open"
    refused = importlib.import_module("rules.refusals").REFUSED
    assert not set(let_go(build, refused)), "nothing goes"
    ended = mutants(folder)
    signal.signal(signal.SIGALRM, give_up)
    wrong = {}
    for name in sorted(name for name, code in ended.items() if code != KILLED):
        os.environ["MUTANT_UNDER_TEST"] = name
        signal.alarm(_SECONDS)
        extra = [*(set(opened(build, made)) - right), *let_go(build, refused)]
        signal.alarm(0)
        if extra:
            wrong[name] = len(extra)
    say_score(ended)
    print(f"{len(made)} cases and {len(refused)} refusals for each survivor")
    for name, count in wrong.items():
        print(f"OPENS A GATE or lets something go in {count} cases: {name}")
    print(f"surviving mutants that open a gate or let something go: {len(wrong)}")
    return int(bool(wrong))


def say_score(ended: dict[str, int]) -> None:
    """Print per module how many mutants were killed."""
    modules: dict[str, Counter[str]] = {}
    for name, code in ended.items():
        module = name.rpartition(".")[0].removeprefix("azstaging.rules.")
        modules.setdefault(module, Counter())[_WORDS.get(code, f"exit {code}")] += 1
    print(f"{'module':<16}{'mutants':>8}{'killed':>8}{'score':>7}  not killed")
    for module, counts in sorted(modules.items()):
        total, killed = sum(counts.values()), counts.pop("killed", 0)
        rest = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        print(f"{module:<16}{total:>8}{killed:>8}{killed / total:>7.0%}  {rest}")
    killed = sum(code == KILLED for code in ended.values())
    print(f"{'all':<16}{len(ended):>8}{killed:>8}{killed / len(ended):>7.0%}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
