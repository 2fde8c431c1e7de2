package modules_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// everything has a parameter of each type.
type everything struct {
	Name     string            `json:"name" required:"true" aliases:"pkg" help:"x"`
	State    string            `json:"state" default:"present" choices:"absent,present" help:"x"`
	Count    *int              `json:"count" help:"x"`
	Ratio    float64           `json:"ratio" help:"x"`
	Force    bool              `json:"force" default:"no" help:"x"`
	Path     string            `json:"path" type:"path" help:"x"`
	Tags     []string          `json:"tags" help:"x"`
	Env      map[string]string `json:"env" help:"x"`
	Wait     time.Duration     `json:"wait" default:"5m" help:"x"`
	Mode     modules.Mode      `json:"mode" help:"x"`
	Password string            `json:"password" secret:"true" choices:"a,b" help:"x"`
	Rules    []rule            `json:"rules" help:"x"`
	Any      *values.Value     `json:"any" help:"x"`
	Src      modules.Source    `json:"src" from:"controller" unless:"force" help:"x"`
}

type rule struct {
	Port int    `json:"port" required:"true" help:"x"`
	To   string `json:"to" default:"all" help:"x"`
}

func (e *everything) Validate() error {
	return modules.RequiredTogether("count", e.Count != nil, "ratio", e.Ratio != 0)
}

func (e *everything) Run(context.Context, modules.System) (modules.Result, error) {
	return modules.Result{}, nil
}

var spec = modules.Spec{Name: "thing", New: func() modules.Module { return new(everything) }, Refused: map[string]string{"old": "use name"}}

func load(t *testing.T, text string) values.Value {
	t.Helper()
	v, _, err := yaml.Load([]byte(text), "play.yml")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func decode(t *testing.T, text string) *everything {
	t.Helper()
	m, err := modules.Decode(spec, load(t, text), func(p string) string { return strings.Replace(p, "~", "/home/ada", 1) })
	if err != nil {
		t.Fatal(err)
	}
	return m.(*everything)
}

func TestDecodeConverts(t *testing.T) {
	one := 1
	tests := []struct {
		name, text string
		want       func(*everything)
	}{
		{"strings", "name: x", func(*everything) {}},
		{"an alias", "pkg: x", func(*everything) {}},
		{"a number for a string", "name: 12", func(e *everything) { e.Name = "12" }},
		{"a bool for a string", "name: yes", func(e *everything) { e.Name = "True" }},
		{"a list for a string", "name: [a, 1]", func(e *everything) { e.Name = "['a', 1]" }},
		{"an integer in quotes", `{name: x, count: "1", ratio: "2.5"}`, func(e *everything) { e.Count, e.Ratio = &one, 2.5 }},
		{"words for true", "{name: x, force: 'On'}", func(e *everything) { e.Force = true }},
		{"1 for true", "{name: x, force: 1}", func(e *everything) { e.Force = true }},
		{"a path", "{name: x, path: ~/a}", func(e *everything) { e.Path = "/home/ada/a" }},
		{"commas for a list", "{name: x, tags: 'a,b'}", func(e *everything) { e.Tags = []string{"a", "b"} }},
		{"a scalar for a list", "{name: x, tags: 1}", func(e *everything) { e.Tags = []string{"1"} }},
		{"a dict", "{name: x, env: {a: 1, b: yes}}", func(e *everything) { e.Env = map[string]string{"a": "1", "b": "True"} }},
		{"key=value for a dict", "{name: x, env: 'a=1, b=2'}", func(e *everything) { e.Env = map[string]string{"a": "1", "b": "2"} }},
		{"seconds", "{name: x, wait: 90}", func(e *everything) { e.Wait = 90 * time.Second }},
		{"a length of time", "{name: x, wait: 1h30m}", func(e *everything) { e.Wait = 90 * time.Minute }},
		{"an octal mode", "{name: x, mode: '0644'}", func(e *everything) { e.Mode = "0644" }},
		{"an octal mode without quotes", "{name: x, mode: 0644}", func(e *everything) { e.Mode = "0644" }},
		{"a mode without a zero", "{name: x, mode: '644'}", func(e *everything) { e.Mode = "0644" }},
		{"a symbolic mode", "{name: x, mode: 'u=rwx,g+x'}", func(e *everything) { e.Mode = "u=rwx,g+x" }},
		{"dicts in a list", "{name: x, rules: [{port: '80'}, {port: 443, to: web}]}", func(e *everything) { e.Rules = []rule{{80, "all"}, {443, "web"}} }},
		{"one dict for a list of them", "{name: x, rules: {port: 80}}", func(e *everything) { e.Rules = []rule{{80, "all"}} }},
		{"null counts as not given", "{name: x, wait: null, tags: null}", func(*everything) {}},
		{"a path on the host", "{name: x, src: ~/f}", func(e *everything) { e.Src.Path = "/home/ada/f" }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := everything{Name: "x", State: "present", Wait: 5 * time.Minute}
			test.want(&want)
			if diff := cmp.Diff(&want, decode(t, test.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeDropsOmit(t *testing.T) {
	args := values.MapOf("name", values.String("x"), "force", values.Omit, "state", values.Omit)
	m, err := modules.Decode(spec, args, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.(*everything); got.Force || got.State != "present" {
		t.Errorf("got %+v", got)
	}
}

func TestDecodeReportsAllMistakesWhereTheyAre(t *testing.T) {
	text := `stat: x
old: x
count: many
force: perhaps
state: presnt
tags: {a: 1}
mode: u=rwz
wait: long
password: hunter2
rules:
  - {port: x}
  - {too: y, port: 1}
`
	_, err := modules.Decode(spec, load(t, text), nil)
	want := `play.yml:1:1: unknown parameter "stat" of thing, did you mean "state"?
play.yml:1:1: thing needs the parameter "name"
play.yml:2:1: unknown parameter "old" of thing: use name
play.yml:3:8: count of thing is 'many': <class 'str'> cannot be converted to an int
play.yml:4:8: force of thing is 'perhaps': The value 'perhaps' is not a valid boolean. Use yes or no
play.yml:5:8: state of thing must be one of absent, present, not "presnt", did you mean "present"?
play.yml:6:7: tags of thing is {'a': 1}: <class 'dict'> cannot be converted to a list
play.yml:7:7: mode of thing is 'u=rwz': bad symbolic permission for mode: u=rwz
play.yml:8:7: wait of thing is 'long': that is no length of time; write seconds or "30s", "5m", "1h30m"
play.yml:9:11: password of thing must be one of a, b, not "********"
play.yml:11:12: port of rules[0] of thing is 'x': <class 'str'> cannot be converted to an int
play.yml:12:6: unknown parameter "too" of rules[1] of thing, did you mean "to"?`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestValidateIsAsked(t *testing.T) {
	_, err := modules.Decode(spec, load(t, "{name: x, count: 1}"), nil)
	if err == nil || !strings.Contains(err.Error(), `"count", "ratio" go together`) {
		t.Errorf("got %v", err)
	}
}

func TestCheckLeavesTemplatesAlone(t *testing.T) {
	isTemplate := func(v values.Value) bool {
		s, _ := v.AsString()
		return strings.Contains(s, "{{")
	}
	tests := []struct{ text, want string }{
		{"{name: x, src: files/a, count: '{{ n }}'}", ""},
		{"{name: '{{ x }}', state: '{{ s }}', tags: ['{{ a }}']}", ""},
		{"{nam: x, state: '{{ s }}'}", `play.yml:1:1: thing needs the parameter "name"|play.yml:1:2: unknown parameter "nam" of thing, did you mean "name"?`},
		{"{name: x, force: maybe, wait: '{{ w }}'}", `play.yml:1:18: force of thing is 'maybe': The value 'maybe' is not a valid boolean. Use yes or no`},
		{"'{{ args }}'", ""},
	}
	for _, test := range tests {
		got := strings.ReplaceAll(modules.Check(spec, load(t, test.text), isTemplate).Error(), "\n", "|")
		if got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestParametersDescribeTheStruct(t *testing.T) {
	var got []string
	for _, p := range spec.Parameters() {
		got = append(got, strings.TrimSpace(p.Name+" "+p.Type+" "+p.Elements))
	}
	want := []string{
		"name str", "state str", "count int", "ratio float", "force bool", "path path", "tags list str", "env dict",
		"wait duration", "mode mode", "password str", "rules list dict", "any raw", "src blob",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	p, ok := spec.Parameter("pkg")
	if !ok || p.Name != "name" || !p.Required {
		t.Errorf("got %+v", p)
	}
}

func TestBlobAndTreeSurviveTheWire(t *testing.T) {
	tree := modules.Tree{Name: "site/", IsDir: true, Entries: []modules.TreeEntry{
		{Path: "img", IsDir: true, Blob: modules.Blob{Mode: 0o755}},
		{Path: "img/a", Blob: modules.Blob{SHA256: "ab", Size: 3, Name: "site/img/a", Mode: 0o644, Inline: []byte("abc")}},
		{Path: "l", Link: "img/a"},
	}}
	text, err := values.Encode(values.MapOf("name", values.String("x"), "src", tree.Value()))
	if err != nil {
		t.Fatal(err)
	}
	args, err := values.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	m, err := modules.Decode(spec, args, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&tree, m.(*everything).Src.Tree); diff != "" {
		t.Error(diff)
	}
}
