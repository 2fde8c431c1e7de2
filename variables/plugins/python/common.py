"""What Ansible has for plugins and modules alike, where it is not installed."""
import collections.abc as abc
import importlib.abc
import importlib.machinery
import itertools
import json
import types


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports modules that are made of dicts, and refuses others of the same packages."""

    def __init__(self, modules, missing):
        self.modules, self.missing = modules, missing
        self.roots = {name.split(".")[0] for name in modules}

    def find_spec(self, name, path=None, target=None):
        if name in self.modules:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        root = name.split(".")[0]
        if root in self.roots and not name.startswith("ansible.plugins."):
            raise ImportError(self.missing(root, name))
        return None

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__dict__.update(self.modules[spec.name])

        def lacks(name):
            if name.startswith("__") or spec.name + "." + name in self.modules:
                raise AttributeError(name)
            raise ImportError(self.missing(spec.name.split(".")[0], spec.name + "." + name))
        module.__getattr__ = lacks
        return module

    def exec_module(self, module):
        pass


def to_text(obj, encoding="utf-8", errors=None, nonstring="simplerepr"):
    if isinstance(obj, str):
        return obj
    if isinstance(obj, bytes):
        return obj.decode(encoding, handling(errors))
    return not_text(obj, nonstring, "")


def to_bytes(obj, encoding="utf-8", errors=None, nonstring="simplerepr"):
    if isinstance(obj, bytes):
        return obj
    if not isinstance(obj, str):
        obj = not_text(obj, nonstring, b"")
    return obj.encode(encoding, handling(errors)) if isinstance(obj, str) else obj


def handling(errors):
    if errors in (None, "surrogate_or_strict", "surrogate_or_replace", "surrogate_then_replace"):
        return "surrogateescape"
    return errors


def not_text(obj, nonstring, empty):
    if nonstring == "simplerepr":
        return str(obj)
    if nonstring == "passthru":
        return obj
    if nonstring == "empty":
        return empty
    raise TypeError("%r is no text" % (obj,))


def jsonify(data, **kwargs):
    return json.dumps(data, default=lambda v: list(v) if isinstance(v, (set, frozenset)) else str(v), **kwargs)


def is_sequence(seq, include_strings=False):
    return isinstance(seq, abc.Sequence) and (include_strings or not isinstance(seq, (str, bytes)))


def is_iterable(seq, include_strings=False):
    return isinstance(seq, abc.Iterable) and (include_strings or not isinstance(seq, (str, bytes)))


TRUE = ["y", "yes", "on", "1", "true", "t", 1, 1.0, True]
FALSE = ["n", "no", "off", "0", "false", "f", 0, 0.0, False]


def boolean(value, strict=True):
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else value
    if word in TRUE:
        return True
    if word in FALSE or not strict:
        return False
    raise TypeError("%r is neither yes nor no" % (value,))


def six_modules():
    import builtins
    import configparser
    import functools
    import io
    import shlex
    import urllib.error
    import urllib.parse
    import urllib.request
    six = "ansible.module_utils.six"

    def with_metaclass(meta, *bases):
        return meta("WithMetaclass", bases or (object,), {})
    moves = {"zip": zip, "map": map, "filter": filter, "range": range, "input": input, "reduce": functools.reduce, "builtins": builtins,
             "zip_longest": itertools.zip_longest, "configparser": configparser, "shlex_quote": shlex.quote, "StringIO": io.StringIO, "urllib": urllib}
    return {
        six: {"string_types": (str,), "text_type": str, "binary_type": bytes, "integer_types": (int,), "class_types": (type,), "PY2": False, "PY3": True,
              "iteritems": lambda d: iter(d.items()), "itervalues": lambda d: iter(d.values()), "iterkeys": lambda d: iter(d.keys()),
              "with_metaclass": with_metaclass, "ensure_text": to_text, "ensure_str": to_text, "ensure_binary": to_bytes, "StringIO": io.StringIO, "BytesIO": io.BytesIO},
        six + ".moves": moves,
        six + ".moves.urllib": {"parse": urllib.parse, "error": urllib.error, "request": urllib.request},
        six + ".moves.urllib.parse": vars(urllib.parse), six + ".moves.urllib.error": vars(urllib.error), six + ".moves.urllib.request": vars(urllib.request),
    }


def modules():
    """Give the modules of ansible.module_utils that are here."""
    text = {"to_text": to_text, "to_native": to_text, "to_bytes": to_bytes, "jsonify": jsonify}
    kinds = {name: getattr(abc, name) for name in ("Mapping", "MutableMapping", "Sequence", "MutableSequence", "Set", "MutableSet", "Iterable", "Hashable")}
    all_of = {
        "ansible.module_utils": {}, "ansible.module_utils._text": text,
        "ansible.module_utils.common": {}, "ansible.module_utils.common.text": {}, "ansible.module_utils.common.text.converters": text,
        "ansible.module_utils.common.collections": dict(kinds, is_sequence=is_sequence, is_iterable=is_iterable, is_string=lambda v: isinstance(v, (str, bytes))),
        "ansible.module_utils.common._collections_compat": kinds,
        "ansible.module_utils.parsing": {}, "ansible.module_utils.parsing.convert_bool": {"boolean": boolean},
    }
    all_of.update(six_modules())
    return all_of
