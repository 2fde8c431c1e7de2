"""Asks Ansible's template engine about templates.

Reads a file of variables (the first argument) and JSON lines {"kind", "src"} on standard input, and
writes for each the line {"want": repr} or {"err": message}. kind is template, native (a template with
jinja2_native) or when (a bare expression, as that of a condition).
"""
import json
import os
import signal
import sys

os.environ["ANSIBLE_JINJA2_EXTENSIONS"] = "jinja2.ext.do,jinja2.ext.loopcontrols"
os.environ["ANSIBLE_DEVEL_WARNING"] = "False"
os.environ["TZ"] = "UTC"
native = "--native" in sys.argv
os.environ["ANSIBLE_JINJA2_NATIVE"] = str(native)

from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.playbook.conditional import Conditional  # noqa: E402
from ansible.template import Templar  # noqa: E402
from ansible.utils.display import Display  # noqa: E402

Display.display = lambda *args, **kwargs: None


def plain(v):
    """Gives v with the types that Ansible wraps around Python's taken off."""
    if isinstance(v, bool) or v is None:
        return v
    for kind in (str, int, float):
        if isinstance(v, kind):
            return kind(v)
    if isinstance(v, dict):
        return {plain(k): plain(x) for k, x in v.items()}
    if isinstance(v, tuple):
        return tuple(plain(x) for x in v)
    if isinstance(v, list):
        return [plain(x) for x in v]
    return v


class TooLong(BaseException):
    pass


def too_long(*_):
    raise TooLong()


def answer(case, loader, variables):
    templar = Templar(loader=loader, variables=variables)
    signal.setitimer(signal.ITIMER_REAL, 3)
    skip = "object at 0x", "<function", "<bound", "<built", "Markup(", "_GroupTuple", "AnsibleUndefined(", "dict_items("
    try:
        if case["kind"] == "when":
            condition = Conditional(loader=loader)
            condition.when = [case["src"]]
            return {"want": repr(condition.evaluate_conditional(templar, variables))}
        got = repr(plain(templar.template(case["src"])))
        if any(s in got or s.upper() in got for s in skip) or len(got) > 4000:
            return None
        return {"want": got}
    except Exception as e:
        return {"err": type(e).__name__ + ": " + str(getattr(e, "_message", e))}
    except (TooLong, SystemExit, RecursionError):
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main():
    signal.signal(signal.SIGALRM, too_long)
    loader = DataLoader()
    variables = loader.load_from_file(sys.argv[1])
    variables["omit"] = "__omit_place_holder__0"
    for line in sys.stdin:
        case = json.loads(line)
        got = answer(case, loader, variables)
        sys.stdout.write(json.dumps(got, ensure_ascii=True) + "\n")


main()
