"""Values on their way between gdeploy and plugins.

Both ways they are JSON with the escapes of package values ($omit, $float, $tuple, $map, $unsafe,
$secret). A tuple that begins with TOKEN, which is another one in each run, is what JSON has no
escape for: a set, a datetime, something undefined, an object of gdeploy's or of Python's.
"""
import collections.abc as abc
import datetime
import json

TOKEN = None  # set by serve
OMIT = "__omit_place_holder__gdeploy"

unsafe_text = str       # the class of text from outside
undefined_class = None  # that of what is not defined
new_undefined = None    # makes one of a name and a sentence
ask = None              # asks gdeploy

objects = {}  # Python's own, by their numbers


class Live(object):
    """Something of gdeploy's that only it can use."""

    def __init__(self, number, text):
        self._number, self._text = number, text

    def __str__(self):
        return self._text


class LiveMap(Live, abc.Mapping):
    """A map of gdeploy's whose values are fetched when they are wanted, such as hostvars."""

    def __getitem__(self, key):
        found = ask("item", of=self._number, key=key)
        if not found:
            raise KeyError(key)
        return found[0]

    def __iter__(self):
        return iter(ask("keys", of=self._number))

    def __len__(self):
        return len(ask("keys", of=self._number))

    def raw_get(self, key):
        return self[key]


def encode(v):
    """Give v as what json can write."""
    if v is None or v is True or v is False:
        return v
    if isinstance(v, str):
        return _text(v)
    if isinstance(v, bool):
        return bool(v)
    if isinstance(v, int):
        return int(v)
    if isinstance(v, float):
        return float(v)
    if isinstance(v, bytes):
        return v.decode("utf-8", "surrogateescape")
    if isinstance(v, Live):
        return _special("live", v._number)
    if isinstance(v, tuple):
        return {"$tuple": [encode(item) for item in v]}
    if isinstance(v, list):
        return [encode(item) for item in v]
    if undefined_class is not None and isinstance(v, undefined_class):
        return _special("undefined", v._undefined_name, v._undefined_hint)
    if isinstance(v, abc.Mapping):
        return _mapping(v)
    if isinstance(v, (set, frozenset)):
        return _special("set", [encode(item) for item in v], repr(v))
    if isinstance(v, datetime.datetime):
        return _special("datetime", v.isoformat())
    if isinstance(v, (abc.Iterator, abc.KeysView, abc.ValuesView, abc.ItemsView, range)):
        return [encode(item) for item in v]
    objects[id(v)] = v
    return _special("python", id(v), type(v).__name__, str(v), repr(v))


def _text(v):
    if v == OMIT:
        return {"$omit": True}
    if unsafe_text is not str and isinstance(v, unsafe_text):
        return {"$unsafe": str(v)}
    return str(v) if type(v) is not str else v


def _special(*parts):
    return {"$tuple": (TOKEN,) + parts}


def _mapping(v):
    keys = [key.decode("utf-8", "surrogateescape") if isinstance(key, bytes) else key for key in v]
    plain = all(isinstance(key, str) for key in keys)
    if plain and not (len(keys) == 1 and keys[0].startswith("$")):
        return {str(key): encode(v[key]) for key in keys}
    return {"$map": [[encode(key), encode(v[key])] for key in v]}


def decode(v, outside=False):
    """Give the value that encode, or gdeploy, wrote as v."""
    if isinstance(v, str):
        return unsafe_text(v) if outside else v
    if isinstance(v, list):
        return [decode(item, outside) for item in v]
    if not isinstance(v, dict):
        return v
    if len(v) == 1:
        (name, inner), = v.items()
        if name in _escapes:
            return _escapes[name](inner, outside)
    return {(unsafe_text(key) if outside else key): decode(item, outside) for key, item in v.items()}


def _tuple(items, outside):
    if items and items[0] == TOKEN:
        return _specials[items[1]](*items[2:])
    return tuple(decode(item, outside) for item in items)


_escapes = {
    "$omit": lambda inner, outside: OMIT,
    "$float": lambda inner, outside: float(inner),
    "$tuple": _tuple,
    "$map": lambda inner, outside: {decode(key, outside): decode(item, outside) for key, item in inner},
    "$unsafe": lambda inner, outside: decode(inner, True),
    "$secret": decode,
}


def _datetime(text):
    for form in ("%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.datetime.strptime(text, form)
        except ValueError:
            pass
    return datetime.datetime.fromisoformat(text)


_specials = {
    "set": lambda items, text: set(decode(items)),
    "datetime": _datetime,
    "undefined": lambda name, hint: new_undefined(name, hint),
    "live": lambda number, text: Live(number, text),
    "live map": lambda number, text: LiveMap(number, text),
    "python": lambda number: objects[number],
}


def dumps(v):
    """Give a frame's bytes."""
    return json.dumps(v, ensure_ascii=True).encode("ascii")


def loads(data):
    """Give what a frame's bytes hold."""
    return decode(json.loads(data.decode("utf-8")))
