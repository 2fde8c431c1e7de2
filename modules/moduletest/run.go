package moduletest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/record"
)

// outcome is what happened, as the case would write it.
type outcome struct {
	changes string
	failure string
	data    values.Value
	facts   values.Value
	world   world
}

// run runs the case in check mode, for real, and again.
func (c *testCase) run(t *testing.T, spec modules.Spec) outcome {
	w := world{dir: t.TempDir(), realPaths: c.realPaths}
	if err := w.build(c.before); err != nil {
		t.Fatal(err)
	}
	call := c.callFor(t, spec, w)
	before := w.snapshot(t)
	dry := c.perform(t, spec, call, w, true)
	if after := w.snapshot(t); !maps.Equal(before, after) {
		t.Errorf("check mode touched the host: before %v, after %v", before, after)
	}
	if c.checkOnly {
		return c.outcome(dry, w)
	}
	reply := c.perform(t, spec, call, w, false)
	got := c.outcome(reply, w)
	predicted := c.outcome(dry, w)
	switch {
	case dry.Skipped, c.unforeseen:
	case dry.Unknown && strings.HasPrefix(got.changes, predicted.changes):
	case dry.Unknown && !reply.Changed: // a program that found nothing to do
	case predicted.changes != got.changes:
		t.Errorf("check mode predicted other changes than those made.\npredicted:\n%s%s\nmade:\n%s%s", predicted.changes, predicted.failure, got.changes, got.failure)
	}
	if reply.Changed && !reply.Failed && !c.alwaysChanges {
		again := c.perform(t, spec, call, w, false)
		if len(again.Changes) > 0 || again.Failed {
			t.Errorf("run again, it changed something:\n%s%s", changeLines(again.Changes), again.Msg)
		}
	}
	c.probe(t, spec, call, w)
	return got
}

// probe tries the call of a module that may be tried before its turn: where that finds
// nothing to do, a real run tells the very same.
func (c *testCase) probe(t *testing.T, spec modules.Spec, call modules.Call, w world) {
	t.Helper()
	if !spec.IsProbed() {
		return
	}
	dry := c.perform(t, spec, call, w, true)
	if c.probed = dry.Unchanged(); !c.probed {
		return
	}
	reply := c.perform(t, spec, call, w, false)
	if len(c.did) > 0 {
		t.Errorf("tried before its turn it says that there is nothing to do, and a real run did: %q", c.did)
	}
	if diff := cmp.Diff(string(values.JSON(asValue(t, dry))), string(values.JSON(asValue(t, reply)))); diff != "" {
		t.Errorf("tried before its turn and run for real it tells different things (- tried, + real):\n%s", diff)
	}
}

// asValue is a reply as it travels.
func asValue(t *testing.T, reply modules.Reply) values.Value {
	t.Helper()
	text, err := record.Encode(reply)
	if err != nil {
		t.Fatal(err)
	}
	v, err := values.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (c *testCase) outcome(reply modules.Reply, w world) outcome {
	got := outcome{changes: w.neutral(changeLines(reply.Changes)), world: w, data: values.MapOf(), facts: reply.Facts}
	if reply.Failed {
		got.failure = w.neutral(reply.Msg) + "\n"
	}
	data := values.NewMap(4)
	if m, ok := reply.Data.AsMap(); ok {
		data = m.Clone()
	}
	if !data.Has("msg") && reply.Msg != "" {
		data.Set("msg", values.String(reply.Msg))
	}
	if reply.Skipped {
		data.Set("skipped", values.True)
	}
	got.data = w.neutralValue(values.FromMap(data))
	return got
}

func (c *testCase) perform(t *testing.T, spec modules.Spec, call modules.Call, w world, check bool) modules.Reply {
	t.Helper()
	options := machine.Options{
		Blobs: content(c.controller),
		Run:   modules.Run{ID: "20240131-120000-abcd", Who: "ada@ops1"},
		Env:   map[string]string{"ROOT": w.dir},
	}
	if w.realPaths {
		options.Env["PATH"] = filepath.Join(w.dir, "bin") + ":" + os.Getenv("PATH")
	} else {
		options.Root = w.dir
	}
	m := &onlooker{Machine: machine.New(options)}
	defer m.Close()
	call.Check = check
	call.Diff = true
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	answers := slices.Clone(c.answers)
	reply := modules.Perform(ctx, spec, call, m,
		modules.WithEvaluator(evaluator{c.variables}), modules.WithTerminal(&terminal{answers}))
	c.did = m.did
	return reply
}

// callFor is the call with the controller's files in place of their names.
func (c *testCase) callFor(t *testing.T, spec modules.Spec, w world) modules.Call {
	t.Helper()
	m, _ := c.call.AsMap()
	name, args := values.Text(m.Keys()[0]), m.Values()[0]
	if name != spec.Name && !slices.Contains(spec.Aliases, name) {
		t.Fatalf("the case calls %s, and this is the test of %s", name, spec.Name)
	}
	if text, ok := args.AsString(); ok {
		parsed, err := modules.ParseFreeForm(spec, text)
		if err != nil {
			t.Fatal(err)
		}
		args = values.FromMap(parsed)
	}
	args = w.realValue(args)
	given, ok := args.AsMap()
	if !ok {
		return modules.Call{Module: spec.Name, Args: args}
	}
	given = given.Clone()
	for _, p := range spec.Parameters() {
		if p.From == "" {
			continue
		}
		unless, _ := given.Get(p.Unless)
		if value, ok := given.Get(p.Name); ok && !unless.Truthy() {
			given.Set(p.Name, c.fromController(t, p, value))
		}
	}
	return modules.Call{Module: spec.Name, Args: values.FromMap(given)}
}

func (c *testCase) fromController(t *testing.T, p modules.Parameter, v values.Value) values.Value {
	t.Helper()
	if items := v.Items(); items != nil {
		var list []values.Value
		for _, item := range items {
			list = append(list, c.fromController(t, p, item))
		}
		return values.FromSlice(list)
	}
	name := values.Text(v)
	if p.Type == "tree" || p.Elements == "tree" {
		tree := c.tree(name)
		if len(tree.Entries) == 0 && !p.Optional {
			t.Fatalf("the case has no controller/%s", name)
		}
		return tree.Value()
	}
	file := name
	if p.Words {
		file, _ = modules.CutWord(name)
	}
	text, ok := c.controller[file]
	if !ok {
		t.Fatalf("the case has no controller/%s", file)
	}
	return blob(name, text).Value()
}

func blob(name, text string) modules.Blob {
	sum := sha256.Sum256([]byte(text))
	return modules.Blob{Name: name, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:]), Mode: 0o644}
}

// tree gathers the controller's files below a name.
func (c *testCase) tree(name string) modules.Tree {
	t := modules.Tree{Name: name}
	if text, ok := c.controller[name]; ok {
		t.Entries = []modules.TreeEntry{{Blob: blob(name, text)}}
		return t
	}
	t.IsDir = true
	prefix := strings.TrimSuffix(name, "/") + "/"
	seen := map[string]bool{}
	for _, file := range slices.Sorted(maps.Keys(c.controller)) {
		below, ok := strings.CutPrefix(file, prefix)
		if !ok {
			continue
		}
		for i, r := range below {
			if dir := below[:i]; r == '/' && !seen[dir] {
				seen[dir] = true
				t.Entries = append(t.Entries, modules.TreeEntry{Path: dir, IsDir: true, Blob: modules.Blob{Mode: 0o755}})
			}
		}
		t.Entries = append(t.Entries, modules.TreeEntry{Path: below, Blob: blob(file, c.controller[file])})
	}
	return t
}

// content opens the controller's files by their sha256.
type content map[string]string

// OpenBlob opens a file.
func (c content) OpenBlob(ctx context.Context, b modules.Blob) (io.ReadCloser, error) {
	return c.OpenBlobAt(ctx, b, 0)
}

// OpenBlobAt opens it from an offset on.
func (c content) OpenBlobAt(_ context.Context, b modules.Blob, offset int64) (io.ReadCloser, error) {
	for name, text := range c {
		if blob(name, text).SHA256 == b.SHA256 {
			return io.NopCloser(bytes.NewReader([]byte(text)[offset:])), nil
		}
	}
	return nil, fmt.Errorf("no such content %q", b.Name)
}

// evaluator looks expressions up among the case's variables.
type evaluator struct{ variables values.Value }

// Condition is a bool, or the truth of an expression.
func (e evaluator) Condition(v values.Value) (bool, error) {
	if b, ok := v.AsBool(); ok {
		return b, nil
	}
	got, err := e.Evaluate(values.Text(v))
	return got.Truthy(), err
}

// Evaluate gives the value of an expression.
func (e evaluator) Evaluate(expression string) (values.Value, error) {
	v, ok := e.variables.Get(expression)
	if !ok {
		return values.Null, fmt.Errorf("%q is %w", expression, modules.ErrUndefined)
	}
	return v, nil
}

// terminal types the case's answers.
type terminal struct{ answers []string }

// Interactive reports whether there are answers.
func (t *terminal) Interactive() bool { return len(t.answers) > 0 }

// Prompt gives the next answer.
func (t *terminal) Prompt(context.Context, string, bool) (string, error) {
	if len(t.answers) == 0 {
		return "", errors.New("nobody answers")
	}
	answer := t.answers[0]
	t.answers = t.answers[1:]
	return answer, nil
}

// after is what lies where the case expects something.
func (o outcome) after(want entry) entry {
	at := o.world.at(want.path)
	got := entry{path: want.path}
	info, err := os.Lstat(at)
	if err != nil {
		got.missing = true
		return got
	}
	if want.mode != "" && !want.missing {
		got.mode = modules.ModeText(info.Mode())
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, _ := os.Readlink(at)
		return entry{path: want.path, link: o.world.neutral(target)}
	case info.IsDir():
		got.dir = true
		return got
	}
	text, err := os.ReadFile(at)
	if err != nil {
		got.content = err.Error() + "\n"
		return got
	}
	if got.content = o.world.neutral(string(text)); got.content != "" && !strings.HasSuffix(got.content, "\n") {
		got.content += "\n" // a part of a case always ends so
	}
	return got
}
