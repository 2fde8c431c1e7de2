package playbooks_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

var update = flag.Bool("update", false, "write the golden parts of testdata")

// TestGolden reads the play.yml of each archive and compares what comes out with its
// golden parts: tree, mistakes, warnings, and the listings it asks for. Files below
// stock/ are the embedded ones; evaluate holds extra variables, one "name=value" a line.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/"), ".txtar"), func(t *testing.T) { golden(t, path) })
	}
}

var goldenParts = []string{"tree", "mistakes", "warnings", "late"}

func golden(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	c := &goldenCase{}
	c.unpack(t, archive)
	got := c.run()
	if *update {
		c.update(t, path, archive, got)
		return
	}
	for _, f := range archive.Files {
		if _, isGolden := got[f.Name]; isGolden || slices.Contains(goldenParts, f.Name) {
			if diff := cmp.Diff(string(f.Data), got[f.Name]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", f.Name, diff)
			}
		}
	}
	if got["mistakes"] != "" && !slices.ContainsFunc(archive.Files, func(f txtar.File) bool { return f.Name == "mistakes" }) {
		t.Errorf("unexpected mistakes:\n%s", got["mistakes"])
	}
}

type goldenCase struct {
	stock    fstest.MapFS
	extra    *values.Map
	listings []string
	warnings strings.Builder
}

func (c *goldenCase) unpack(t *testing.T, archive *txtar.Archive) {
	c.stock, c.extra = fstest.MapFS{}, values.NewMap(0)
	for _, f := range archive.Files {
		switch name, isStock := strings.CutPrefix(f.Name, "stock/"); {
		case slices.Contains(goldenParts, f.Name):
		case strings.HasPrefix(f.Name, "list "):
			c.listings = append(c.listings, f.Name)
		case isStock:
			c.stock[name] = &fstest.MapFile{Data: f.Data}
		case f.Name == "extra":
			for line := range strings.Lines(string(f.Data)) {
				k, v, _ := strings.Cut(strings.TrimSpace(line), "=")
				c.extra.Set(k, values.String(v))
			}
		default:
			if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(f.Name, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (c *goldenCase) run() map[string]string {
	got := map[string]string{}
	o := options()
	o.Stock = fs.FS(c.stock)
	o.Warn = func(pos values.Position, text string) { fmt.Fprintf(&c.warnings, "%s: %s\n", pos, text) }
	o.Evaluate = c.evaluate
	l := playbooks.NewLoader(o)
	playbook, err := l.Playbook("play.yml")
	if err != nil {
		got["mistakes"] = err.Error() + "\n"
	} else {
		var d dump
		d.playbook(playbook)
		got["tree"] = d.String()
		for _, listing := range c.listings {
			got[listing] = list(playbook, strings.Fields(listing)[1:])
		}
	}
	here, _ := os.Getwd()
	for name, text := range got {
		got[name] = strings.ReplaceAll(text, here, "$WORK")
	}
	got["warnings"] = c.warnings.String()
	return got
}

func list(playbook *playbooks.Playbook, args []string) string {
	l := playbooks.Listing{}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "tasks":
			l.Tasks = true
		case "tags":
			l.Tags = true
		case "hosts":
			l.Hosts = func(*playbooks.Play) []string { return []string{"a", "b"} }
		case "only":
			l.Select.Tags = strings.Split(value, ",")
		case "skip":
			l.Select.SkipTags = strings.Split(value, ",")
		}
	}
	var out bytes.Buffer
	if err := l.Write(&out, playbook); err != nil {
		return err.Error()
	}
	return out.String()
}

func (c *goldenCase) evaluate(template values.Value, scope []*values.Map) (values.Value, error) {
	vars := jinja.Vars{}
	for _, layer := range append(scope, c.extra) {
		for k, v := range layer.All() {
			vars[values.Text(k)] = v
		}
	}
	text, _ := template.AsString()
	compiled, err := environment.Compile(text, values.Position{})
	if err != nil {
		return values.Null, err
	}
	out, err := compiled.Render(context.Background(), vars)
	return values.String(out), err
}

// update writes the golden parts back: those that are there, and the tree or the
// mistakes of a new case.
func (c *goldenCase) update(t *testing.T, path string, archive *txtar.Archive, got map[string]string) {
	has := func(name string) bool {
		return slices.ContainsFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
	}
	for i, f := range archive.Files {
		if text, ok := got[f.Name]; ok {
			archive.Files[i].Data = []byte(text)
		}
	}
	if !has("tree") && !has("mistakes") {
		for _, name := range []string{"tree", "mistakes"} {
			if got[name] != "" {
				archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
			}
		}
	}
	if !has("warnings") && got["warnings"] != "" {
		archive.Files = append(archive.Files, txtar.File{Name: "warnings", Data: []byte(got["warnings"])})
	}
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

var environment = jinja.New(jinja.Options{})

// options are those of a loader with a few modules.
func options() playbooks.Options {
	return playbooks.Options{Modules: specs, CheckTemplate: checkTemplate, Lookups: []string{"items", "dict", "fileglob", "first_found", "together"},
		RolesPath: []string{"shared/roles"}, Library: []string{"lib"}, Collections: []string{"coll"}}
}

func checkTemplate(v values.Value, asExpression bool) []error {
	text, _ := v.AsString()
	var err error
	if asExpression {
		_, err = environment.CompileExpression(text, v.Pos())
	} else {
		_, err = environment.Compile(text, v.Pos())
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

type fake struct{}

func (fake) Run(context.Context, modules.System) (modules.Result, error) {
	return modules.Result{}, errors.New("not in a test")
}

type debugModule struct {
	fake
	Msg       values.Value `json:"msg" help:"the text"`
	Var       string       `json:"var" help:"a variable"`
	Verbosity int          `json:"verbosity" help:"from which -v on"`
}

type commandModule struct {
	fake
	Cmd     string   `json:"cmd" help:"the command"`
	Argv    []string `json:"argv" help:"the same as a list"`
	Chdir   string   `json:"chdir" help:"where"`
	Creates string   `json:"creates" help:"skip if it exists"`
}

type copyModule struct {
	fake
	Src     string `json:"src" help:"source"`
	Dest    string `json:"dest" help:"target" required:"true"`
	Content string `json:"content" help:"text"`
	Mode    string `json:"mode" help:"permissions"`
}

type serviceModule struct {
	fake
	Name  string `json:"name" help:"which" required:"true"`
	State string `json:"state" help:"state" choices:"started,stopped,restarted"`
}

type includeVarsModule struct {
	fake
	File string `json:"file" help:"which"`
	Name string `json:"name" help:"below which name"`
}

type pingModule struct {
	fake
	Data string `json:"data" help:"echoed"`
}

var specs = []*modules.Spec{
	{Name: "debug", New: func() modules.Module { return &debugModule{} }},
	{Name: "command", FreeForm: "cmd", New: func() modules.Module { return &commandModule{} }},
	{Name: "shell", FreeForm: "cmd", New: func() modules.Module { return &commandModule{} }},
	{Name: "copy", New: func() modules.Module { return &copyModule{} }},
	{Name: "service", Aliases: []string{"svc"}, New: func() modules.Module { return &serviceModule{} }},
	{Name: "include_vars", FreeForm: "file", New: func() modules.Module { return &includeVarsModule{} }},
	{Name: "validate_argument_spec", New: func() modules.Module { return &pingModule{} }},
	{Name: "ping", New: func() modules.Module { return &pingModule{} }},
}
