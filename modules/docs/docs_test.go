package docs

import (
	"slices"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/oncontroller"
	"github.com/gdeploy/gdeploy/modules/onhost"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

func specs() []modules.Spec { return append(onhost.Specs(), oncontroller.Specs()...) }

func TestEveryModuleIsDescribed(t *testing.T) {
	for _, spec := range specs() {
		if Summary(spec.Name) == "" {
			t.Errorf("modules/docs/%s.md does not say what %s does", spec.Name, spec.Name)
		}
		if len(Examples(spec.Name)) == 0 {
			t.Errorf("modules/docs/%s.md has no example", spec.Name)
		}
	}
}

func TestEveryPageBelongsToAModule(t *testing.T) {
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".md"); !slices.ContainsFunc(specs(), func(s modules.Spec) bool { return s.Name == name }) {
			t.Errorf("modules/docs/%s is about no module that there is", e.Name())
		}
	}
}

// keywords are the keys that may stand beside the module in a task.
var keywords = strings.Fields(`name when register loop loop_control with_items vars args become become_user delegate_to
	notify listen until retries delay no_log environment run_once changed_when failed_when ignore_errors tags check_mode async poll
	throttle undo`)

func TestExamplesLoad(t *testing.T) {
	for _, spec := range specs() {
		for _, example := range Examples(spec.Name) {
			tasks, _, err := yaml.Load([]byte(example), spec.Name+".md")
			if err != nil {
				t.Error(err)
				continue
			}
			for _, task := range tasks.Items() {
				checkTask(t, task)
			}
		}
	}
}

func checkTask(t *testing.T, task values.Value) {
	t.Helper()
	m, _ := task.AsMap()
	found := 0
	for key, args := range m.All() {
		name := values.Text(key)
		if slices.Contains(keywords, name) {
			continue
		}
		spec, ok := modules.Find(specs(), name)
		if !ok {
			t.Errorf("%s: %q is neither a keyword nor a module", key.Pos(), name)
			continue
		}
		found++
		extra, _ := task.Get("args")
		for _, p := range modules.Check(spec, merged(t, spec, args, extra), isTemplate) {
			t.Error(p)
		}
	}
	if found != 1 {
		t.Errorf("%s: a task with %d modules", task.Pos(), found)
	}
}

// merged gives the arguments of a task, however they are written.
func merged(t *testing.T, spec modules.Spec, args, extra values.Value) values.Value {
	t.Helper()
	if text, ok := args.AsString(); ok {
		parsed, err := modules.ParseFreeForm(spec, text)
		if err != nil {
			t.Errorf("%s: %v", args.Pos(), err)
			return values.Null
		}
		args = values.FromMap(parsed).At(args.Pos())
	}
	m, ok := extra.AsMap()
	if !ok {
		return args
	}
	given, _ := args.AsMap()
	both := given.Clone()
	for key, value := range m.All() {
		both.SetKey(key, value)
	}
	return values.FromMap(both).At(args.Pos())
}

func isTemplate(v values.Value) bool {
	s, ok := v.AsString()
	return ok && strings.Contains(s, "{{")
}

func TestRenderShowsWhatTheCodeSays(t *testing.T) {
	spec, _ := modules.Find(specs(), "file")
	got := Render(spec)
	for _, want := range []string{
		"FILE\nruns on the host; a dry run tells",
		"path  (path, required, also dest name)",
		"state  (str, one of absent directory file hard link touch)",
		"follow  (bool, default yes)",
		"EXAMPLES",
		"  - name: a directory for the application",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "```") {
		t.Error("it shows the fences of Markdown")
	}
}
