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
from concurrent.futures import ProcessPoolExecutor
from itertools import permutations
from pathlib import Path
from types import ModuleType
from typing import Any

KILLED = 1
_WORDS = {0: "survived", 1: "killed", 33: "not reached", 36: "endless", 24: "endless"}
_SECONDS = 20


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


class Judge:
    """Every question, answered by the original and then by one mutant after the other."""

    def __init__(self, folder: Path) -> None:
        sys.path[:0] = [str(folder / "src"), str(folder / "tests")]
        os.environ["MUTANT_UNDER_TEST"] = ""
        self.build, self.made = cases(folder)
        self.refused = importlib.import_module("rules.refusals").REFUSED
        self.right = set(opened(self.build, self.made))
        assert self.right == {0}, "only the healthy case is open"
        assert not set(let_go(self.build, self.refused)), "nothing goes"
        signal.signal(signal.SIGALRM, give_up)

    def wrong(self, name: str) -> int:
        """Count what a mutant opens that the original keeps closed, and what it lets go."""
        os.environ["MUTANT_UNDER_TEST"] = name
        # Again every second after that: each of the questions may hang.
        signal.setitimer(signal.ITIMER_REAL, _SECONDS, 1)
        extra = [
            *(set(opened(self.build, self.made)) - self.right),
            *let_go(self.build, self.refused),
        ]
        signal.setitimer(signal.ITIMER_REAL, 0)
        return len(extra)


_judges: list[Judge] = []


def sit(folder: Path) -> None:
    _judges.append(Judge(folder))


def judged(name: str) -> tuple[str, int]:
    return name, _judges[0].wrong(name)


def main(folder: Path) -> int:
    judge = Judge(folder)
    ended = mutants(folder)
    alive = sorted(name for name, code in ended.items() if code != KILLED)
    with ProcessPoolExecutor(initializer=sit, initargs=(folder,)) as processes:
        wrong = {name: count for name, count in processes.map(judged, alive) if count}
    say_score(ended)
    print(f"{len(judge.made)} cases and {len(judge.refused)} refusals for each survivor")
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
