package schema_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/lint"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/oncontroller"
	"github.com/gdeploy/gdeploy/modules/onhost"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/schema"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
	"github.com/gdeploy/gdeploy/variables/lookups"
)

func specs() []modules.Spec { return append(onhost.Specs(), oncontroller.Specs()...) }

func sources() schema.Sources {
	return schema.Sources{Modules: specs(), Lookups: slices.Sorted(maps.Keys(lookups.All()))}
}

func compiled(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance gives a YAML text as JSON has it; ok is false where it is no YAML, or has what
// JSON cannot have.
func instance(text []byte) (any, bool) {
	v, _, err := yaml.Load(text, "")
	if err != nil {
		return nil, false
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(values.JSON(v)))
	return doc, err == nil
}

func loader() *playbooks.Loader {
	all := specs()
	pointers := make([]*modules.Spec, len(all))
	for i := range all {
		pointers[i] = &all[i]
	}
	return playbooks.NewLoader(playbooks.Options{Modules: pointers, Lookups: sources().Lookups})
}

// TestOwnPlaybooks: every playbook of this repository that loads fits the schema. Those
// with modules of their own are left out.
func TestOwnPlaybooks(t *testing.T) {
	s := compiled(t, sources().Playbook())
	tried := 0
	try := func(dir, name string) {
		path := filepath.Join(dir, name)
		for _, own := range []string{"library", "collections", "ansible_collections"} {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), own)); err == nil {
				return
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		doc, ok := instance(text)
		if _, isList := doc.([]any); !ok || !isList {
			return
		}
		l := loader()
		book, err := l.Playbook(path)
		if err != nil {
			return
		}
		found := &lint.Findings{}
		lint.Check(book, l, found)
		if slices.ContainsFunc(found.All(), func(f lint.Finding) bool { return f.Rule == lint.Late }) {
			return // it is wrong, and says that it may fail
		}
		tried++
		if err := s.Validate(doc); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, dir := range []string{"../playbooks/stock", "../examples"} {
		eachYAML(t, dir, func(path string) { try("", path) })
	}
	for _, pattern := range []string{"../cmd/gdeploy/testdata/script/*.txtar", "../testdata/conformance/*/*.txtar"} {
		cases, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range cases {
			dir := layOut(t, file)
			eachYAML(t, dir, func(path string) { try("", path) })
		}
	}
	if tried < 200 {
		t.Errorf("only %d playbooks were tried", tried)
	}
}

func eachYAML(t *testing.T, dir string, do func(path string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && (strings.HasSuffix(path, ".yml") || strings.HasSuffix(path, ".yaml")) {
			do(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func layOut(t *testing.T, file string) string {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range archive.Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestOwnTasks: the tasks of the shipped roles fit.
func TestOwnTasks(t *testing.T) {
	s := compiled(t, sources().Tasks())
	tried := 0
	for _, dir := range []string{"../playbooks/stock", "../examples"} {
		eachYAML(t, dir, func(path string) {
			if base := filepath.Base(filepath.Dir(path)); base != "tasks" && base != "handlers" {
				return
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			doc, ok := instance(text)
			if !ok {
				t.Fatal(path)
			}
			tried++
			if err := s.Validate(doc); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		})
	}
	if tried == 0 {
		t.Error("nothing was tried")
	}
}

// TestRefused: what the loader refuses for its names, the schema refuses too.
func TestRefused(t *testing.T) {
	s := compiled(t, sources().Playbook())
	for _, text := range []string{
		"- {hosts: all, tsks: []}",
		"- {tasks: []}",
		"- {hosts: all, sudo: yes}",
		"- {hosts: all, tasks: [{debg: {msg: x}}]}",
		"- {hosts: all, tasks: [{debug: {mesage: x}}]}",
		"- {hosts: all, tasks: [{debug: {msg: x}, wen: x}]}",
		"- {hosts: all, tasks: [{file: {path: /x, state: gone}}]}",
		"- {hosts: all, tasks: [{block: [{debug: }], rescu: []}]}",
		"- {hosts: all, tasks: [{include_tasks: x.yml, delegate_to: h}]}",
		"- {hosts: all, tasks: [{include_role: {nam: x}}]}",
		"- {hosts: all, tasks: [{debug: , loop_control: {lable: x}, loop: []}]}",
		"- {hosts: all, tasks: [{debug: , with_itms: []}]}",
		"- {import_playbook: x.yml, hosts: all}",
		"- {hosts: all, become: maybe}",
		"- {hosts: all, roles: [{when: x}]}",
		"{hosts: all}",
	} {
		doc, ok := instance([]byte(text))
		if !ok {
			t.Fatal(text)
		}
		if err := s.Validate(doc); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}

// TestInventories: inventories in YAML that load fit, others do not.
func TestInventories(t *testing.T) {
	s := compiled(t, schema.Inventory())
	tried := 0
	cases, err := filepath.Glob("../testdata/conformance/inventories/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range cases {
		dir := layOut(t, file)
		eachYAML(t, dir, func(path string) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			doc, ok := instance(text)
			if _, isMap := doc.(map[string]any); !ok || !isMap || strings.Contains(path, "_vars") {
				return
			}
			if _, err := inventory.Load(t.Context(), []string{path}, inventory.Options{}); err != nil {
				return
			}
			tried++
			if err := s.Validate(doc); err != nil {
				t.Errorf("%s: %s: %v", file, path, err)
			}
		})
	}
	if tried < 5 {
		t.Errorf("only %d inventories were tried", tried)
	}
	for _, text := range []string{"all: {host: {a: }}", "all: {hosts: [a]}", "plugin: aws_ec2", "{plugin: constructed, grops: {}}", "{plugin: constructed, keyed_groups: [{prefx: a}]}", "all: {children: {w: {var: {}}}}"} {
		doc, _ := instance([]byte(text))
		if s.Validate(doc) == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}

func TestSettings(t *testing.T) {
	s := compiled(t, schema.Settings([]schema.Setting{
		{Name: "forks", Type: "number"}, {Name: "become", Type: "truth"}, {Name: "inventory", Type: "list"},
		{Name: "gathering", Type: "text", Choices: []string{"smart", "implicit"}},
	}))
	for text, want := range map[string]bool{
		"{}": true, "{forks: 5, become: yes, inventory: [a, b]}": true, "{inventory: a}": true, "{gathering: smart}": true,
		"{forks: many}": false, "{fork: 5}": false, "{become: perhaps}": false, "{gathering: clever}": false,
	} {
		doc, _ := instance([]byte(text))
		if got := s.Validate(doc) == nil; got != want {
			t.Errorf("%s: accepted %v, want %v", text, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, text := range [][]byte{sources().Playbook(), sources().Tasks(), schema.Inventory()} {
		if !json.Valid(text) {
			t.Error("a schema is no JSON")
		}
	}
}
