"""Read the other files from the first frame, and serve."""
import sys
if sys.path and sys.path[0] == "":
    del sys.path[0]  # the working directory is no place of modules
import json, os, types


def main():
    own, sys.stdin = os.dup(0), None
    out = os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)  # what plugins start reads nothing of ours
    os.close(null)
    os.dup2(2, 1)  # what plugins print is no answer
    sys.stdin = open(0, closefd=False)
    stream = os.fdopen(own, "rb")
    hello = json.loads(stream.read(int(stream.readline())).decode("utf-8"))
    for name in ("wire", "common", "shim", "serve"):
        module = types.ModuleType("gdeploy_" + name)
        sys.modules[module.__name__] = module
        exec(compile(hello[name], "gdeploy:" + name + ".py", "exec"), module.__dict__)
    sys.modules["gdeploy_serve"].serve(stream, os.fdopen(out, "wb"), hello)


main()
