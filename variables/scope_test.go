package variables

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// parse reads YAML, for tests.
func parse(t testing.TB, src string) values.Value {
	t.Helper()
	v, _, err := yaml.Load([]byte(src), "p.yml")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parseMap(t testing.TB, src string) *values.Map {
	m, _ := parse(t, src).AsMap()
	return m
}

// cluster is a store with hosts h1 and h2 in group web.
func cluster(t testing.TB) *Store {
	inv := &fakeInventory{hosts: []string{"h1", "h2"}, groups: values.MapOf("all", values.Strings("h1", "h2"), "web", values.Strings("h1", "h2")),
		layers: map[string][]Layer{
			"h1": {
				{InventoryGroupVars, "group web", parseMap(t, `{who: "{{ own | default('nobody') }}", loop: "{{ hostvars[inventory_hostname].loop }}"}`)},
				{InventoryHostVars, "host h1", parseMap(t, `{own: one}`)},
			},
			"h2": {{InventoryGroupVars, "group web", parseMap(t, `{who: "{{ own | default('nobody') }}"}`)}},
		}}
	return NewStore(Options{Inventory: inv, PlaybookDir: "/tmp"})
}

func TestMagic(t *testing.T) {
	s := cluster(t)
	play := &playbooks.Play{File: "/play/site.yml", Keywords: playbooks.Keywords{Vars: parseMap(t, `{inventory_hostname_short: mine, groups: mine, pv: "{{ inventory_hostname }}"}`)}}
	sc := s.Scope(Context{Host: "h1.example", Play: play, Hosts: &Hosts{Play: []string{"h1", "h2"}, All: []string{"h1", "h2", "h3"}, Batch: []string{"h1"}}})
	for template, want := range map[string]string{
		"{{ inventory_hostname }} {{ inventory_hostname_short }} {{ pv }}":           "h1.example mine h1.example",
		"{{ group_names }} {{ groups.web }} {{ inventory_dir }}":                     "['web'] ['h1', 'h2'] /inv",
		"{{ ansible_play_hosts }} {{ ansible_play_hosts_all }} {{ play_hosts }}":     "['h1', 'h2'] ['h1', 'h2', 'h3'] ['h1']",
		"{{ hostvars.h1.who }} {{ hostvars['h2'].who }}":                             "one nobody",
		"{{ hostvars.h1.pv | default('no play vars') }}":                             "no play vars",
		"{{ 'h2' in hostvars }} {{ 'h9' in hostvars }} {{ hostvars.h9 is defined }}": "True False False",
		"{{ hostvars | length }} {{ hostvars | list }}":                              "2 ['h1', 'h2']",
		"{{ hostvars.h1.hostvars is defined }} {{ hostvars.h1.groups.web }}":         "False ['h1', 'h2']",
		"{{ groups.web | map('extract', hostvars, 'who') | list }}":                  "['one', 'nobody']",
		"{{ vars.pv }} {{ vars['pv'] }} {{ 'pv' in vars }}":                          "{{ inventory_hostname }} {{ inventory_hostname }} True",
		"{{ ansible_version.full }} {{ ansible_check_mode }} {{ ansible_run_tags }}": "2.14.18 False ['all']",
		"{{ role_name is defined }} {{ ansible_facts }} {{ playbook_dir }}":          "False {} /play",
		"{{ environment }} {{ omit is defined }}":                                    "[] True",
	} {
		got, err := sc.Text(values.String(template))
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", template, got, err, want)
		}
	}
}

func TestErrors(t *testing.T) {
	s := cluster(t)
	play := &playbooks.Play{Keywords: playbooks.Keywords{Vars: parseMap(t, "a: \"{{ b }}\"\nb: \"x {{ a }}\"\nmade: \"{{ missing }}\"\nversion_name: 1\nenc: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  00\n")}}
	sc := s.Scope(Context{Host: "h1", Play: play})
	for template, want := range map[string]string{
		"{{ a }}":                            "recursive loop detected in template string: {{ b }} (a -> b -> a)",
		"{{ loop }}":                         "recursive loop detected",
		"{{ made }}":                         "{{ missing }}: 'missing' is undefined",
		"{{ verson_name }}":                  "p.yml:1:5: 'verson_name' is undefined (did you mean version_name?)",
		"{{ nope.x }}":                       "'nope' is undefined",
		"{{ hostvars.h9.x }}":                "",
		"{{ enc }}":                          "no vault password was given",
		"{{ x | nofilter }}":                 "nofilter",
		"{{ lookup('fil') }}":                "did you mean file?",
		"{{ lookup('file', 'x', strip=1) }}": `does not know the option "strip"; it takes lstrip, rstrip`,
	} {
		_, err := sc.Render(parse(t, `'`+strings.ReplaceAll(template, "'", "''")+`'`))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", template, err, want)
		}
	}
	if _, err := sc.Render(values.String("{{ made | default('fine') }}")); err != nil {
		t.Errorf("a default for a variable made of an undefined one: %v", err)
	}
	var near *UndefinedError
	if _, err := sc.Render(values.String("{{ verson_name }}")); !errors.As(err, &near) || near.Name != "verson_name" {
		t.Errorf("got %v", err)
	}
}

// TestFacts: a host says what it likes, and is believed only where it may speak.
func TestFacts(t *testing.T) {
	s := cluster(t)
	s.SetFacts("h1", parseMap(t, `{ansible_os_family: Debian, ansible_user: root, ansible_python_interpreter: /tmp/evil, ansible_ssh_common_args: evil,
	  ansible_become_password: evil, inventory_hostname: h2, hostvars: evil, omit: evil, ansible_local: {a: 1}, plain: 1}`))
	sc := s.Scope(Context{Host: "h1"})
	got := look(t, sc, "{{ ansible_os_family }} {{ ansible_facts.os_family }} {{ ansible_facts['user'] }} {{ plain }} {{ ansible_local.a }} {{ inventory_hostname }}")
	if got != "Debian Debian root 1 1 h1" {
		t.Error(got)
	}
	for _, name := range []string{"ansible_user", "ansible_python_interpreter", "ansible_ssh_common_args", "ansible_become_password"} {
		if _, ok, _ := sc.Lookup(name); ok {
			t.Errorf("a fact set %s", name)
		}
	}
	moment := s.Moment("h1")
	s.SetFact("h1", "later", values.True, true)
	s.Register("h1", "result", values.MapOf("rc", values.Int(1)))
	if got := look(t, s.Scope(Context{Host: "h1"}), "{{ later }} {{ ansible_facts.later }} {{ result.rc }}"); got != "True True 1" {
		t.Error(got)
	}
	s.Return("h1", moment)
	if got := look(t, s.Scope(Context{Host: "h1"}), "{{ later is defined }} {{ plain }}"); got != "False 1" {
		t.Error(got)
	}
	s.ClearFacts("h1")
	if got := look(t, s.Scope(Context{Host: "h1"}), "{{ ansible_facts }} {{ plain is defined }}"); got != "{} False" {
		t.Error(got)
	}
}

// TestData: what comes from a host or a lookup is never a template, whatever way it takes.
func TestData(t *testing.T) {
	s := cluster(t)
	evil := values.String("{{ lookup('pipe', 'echo owned') }}")
	s.Register("h1", "result", values.MapOf("stdout", evil, "stdout_lines", values.ListOf(evil), "rc", values.Int(0)))
	s.SetFacts("h1", func() *values.Map { m := values.NewMap(1); m.Set("ansible_evil", evil); return m }())
	play := &playbooks.Play{Keywords: playbooks.Keywords{Vars: parseMap(t, `
copy: "{{ result.stdout }}"
twice: "{{ copy }}"
list: "{{ result.stdout_lines }}"
built: {a: "{{ copy }}", b: ["x {{ twice }}"]}
piped: "{{ lookup('pipe', 'printf \"\\173{ 6 * 7 }\\175\"') }}"
again: "{{ piped }}"
upper: "{{ result.stdout | upper | lower }}"
joined: "{{ result.stdout_lines | join(',') }}"
`)}}
	sc := s.Scope(Context{Host: "h1", Play: play})
	for _, name := range []string{"copy", "twice", "list", "built", "ansible_evil", "upper", "joined"} {
		v, err := sc.Render(values.String("{{ " + name + " }}"))
		if err != nil || !strings.Contains(values.Text(v), "lookup('pipe'") {
			t.Errorf("%s: got %s, %v", name, values.Text(v), err)
		}
		s.SetFact("h1", "kept_"+name, v, false)
	}
	again := s.Scope(Context{Host: "h1", Play: play})
	for _, name := range []string{"copy", "twice", "list", "built", "ansible_evil", "upper", "joined"} {
		if got := look(t, again, "{{ kept_"+name+" }}"); !strings.Contains(got, "lookup('pipe'") {
			t.Errorf("set_fact of %s became a template: %s", name, got)
		}
	}
	if got := look(t, sc, "{{ again }}"); got != "{{ 6 * 7 }}" {
		t.Errorf("what a lookup gave became a template: %s", got)
	}
	for _, when := range []string{"{{ result.stdout }}", "{{ copy }}"} {
		if ok, _, err := sc.Condition([]values.Value{values.String(when)}); ok || err == nil {
			t.Errorf("when: %s: got %v, %v", when, ok, err)
		}
	}
}

func TestCondition(t *testing.T) {
	s := cluster(t)
	play := &playbooks.Play{Keywords: playbooks.Keywords{Vars: parseMap(t, `{yes_: true, no_: false, text: "b == 2", fals: "false", tmpl: "{{ 1 == 2 }}", b: 1, undef_: "{{ nope }}", n: null}`)}}
	sc := s.Scope(Context{Host: "h1", Play: play})
	for _, c := range []struct {
		when string
		want string // true, false or part of the error
	}{
		{`[]`, "true"}, {`[yes_, b]`, "true"}, {`[yes_, no_]`, "false no_"}, {`[true]`, "true"}, {`[false]`, "false False"},
		{`[""]`, "true"}, {`[null]`, "true"}, {`[0]`, "false 0"}, {`[text]`, "true"}, {`[fals]`, "true"}, {`[tmpl]`, "false tmpl"},
		{`["{{ text }}"]`, "false {{ text }}"}, {`["'{{ b }}' == '1'"]`, "true"}, {`["{{ b == 1 }}"]`, "true"},
		{`[undef_ is defined]`, "false undef_ is defined"}, {`["'a\\nb' | length == 3"]`, "true"},
		{`[nope]`, "p.yml:1:2: The conditional check 'nope' failed. The error was: error while evaluating conditional (nope): 'nope' is undefined"},
		{`[nope == 1 and b]`, "error while evaluating conditional (nope == 1 and b): 'nope' is undefined"},
		{`["b =="]`, "The conditional check 'b ==' failed. The error was: template error while templating string"},
		{`["1 + 'a'"]`, "unsupported operand type(s) for +: 'int' and 'str'"},
		{`["b | nofilter"]`, "nofilter"},
	} {
		ok, failing, err := sc.Condition(parse(t, c.when).Items())
		got := map[bool]string{true: "true", false: "false " + failing}[ok]
		if err != nil {
			got = err.Error()
			var ce *ConditionError
			if !errors.As(err, &ce) {
				t.Errorf("%s: %T is no ConditionError", c.when, err)
			}
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s: got %q, want %q", c.when, got, c.want)
		}
	}
}

func TestScalars(t *testing.T) {
	sc := cluster(t).Scope(Context{Host: "h1"})
	for text, want := range map[string]bool{"yes": true, "{{ 1 == 1 }}": true, "off": false, "{{ 'No' }}": false, "1": true, "null": false} {
		if got, err := sc.Bool(parse(t, `"`+text+`"`)); text != "null" && (err != nil || got != want) {
			t.Errorf("Bool(%s) = %v, %v", text, got, err)
		}
	}
	if _, err := sc.Bool(values.String("maybe")); err == nil {
		t.Error("maybe is no bool")
	}
	if i, err := sc.Int(values.String("{{ 2 * 21 }}")); i != 42 || err != nil {
		t.Error(i, err)
	}
	if f, err := sc.Float(values.String("{{ 1 / 2 }}")); f != 0.5 || err != nil {
		t.Error(f, err)
	}
	if _, err := sc.Int(values.String("4x")); err == nil {
		t.Error("4x is no number")
	}
}

func TestOmit(t *testing.T) {
	sc := cluster(t).Scope(Context{Host: "h1"})
	v, err := sc.Render(parse(t, `{a: "{{ omit }}", b: 1, c: ["{{ nope | default(omit) }}", {d: "{{ omit }}"}], e: {f: "{{ omit }}"}}`))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := v.AsMap()
	want := "{'b': 1, 'c': [{}], 'e': {}}"
	if diff := cmp.Diff(want, values.Repr(values.FromMap(DropOmitted(m)))); diff != "" {
		t.Error(diff)
	}
}

func TestWith(t *testing.T) {
	s := cluster(t)
	play := &playbooks.Play{Keywords: playbooks.Keywords{Vars: parseMap(t, `{greeting: "hello {{ item }}"}`)}}
	sc := s.Scope(Context{Host: "h1", Play: play})
	for _, item := range []string{"a", "b"} {
		one := sc.With(func() *values.Map { m := values.NewMap(1); m.Set("item", values.String(item)); return m }())
		if got := look(t, one, "{{ greeting }}"); got != "hello "+item {
			t.Error(got)
		}
	}
	if _, err := sc.Text(values.String("{{ greeting }}")); err == nil {
		t.Error("item outlived its scope")
	}
}

func TestLoop(t *testing.T) {
	s := cluster(t)
	play := &playbooks.Play{Keywords: playbooks.Keywords{Vars: parseMap(t, `{m: {a: 1}, l: [1, [2]]}`)}}
	sc := s.Scope(Context{Host: "h1", Play: play})
	for _, c := range []struct{ lookup, terms, want string }{
		{"items", `"{{ l }}"`, "[1, 2]"},
		{"items", `[a, ["b", "c"]]`, "['a', 'b', 'c']"},
		{"list", `"{{ l }}"`, "[1, [2]]"},
		{"dict", `"{{ m }}"`, "[{'key': 'a', 'value': 1}]"},
		{"nested", `[[1, 2], "{{ l }}"]`, "[[1, 1], [1, 2], [2, 1], [2, 2]]"},
		{"sequence", `start=1 end={{ l | length }}`, "['1', '2']"},
		{"first_found", `["{{ nope }}", /etc/passwd]`, "['/etc/passwd']"},
		{"first_found", `[{files: [nope], skip: true}]`, "[]"},
		{"first_found", `[{files: [/etc/passwd], paths: [/tmp]}]`, "['/etc/passwd']"},
		{"inventory_hostnames", `all`, "['h1', 'h2']"},
		{"subelements", `[[{n: 1, s: [x]}], s]`, "[({'n': 1}, 'x')]"},
		{"indexed_items", `[a]`, "[(0, 'a')]"},
		{"together", `[[1], [2]]`, "[[1, 2]]"},
		{"items", `5`, "[5]"},
	} {
		items, err := sc.Loop(c.lookup, parse(t, c.terms))
		if got := values.Repr(values.FromSlice(items)); err != nil || got != c.want {
			t.Errorf("with_%s: %s: got %s, %v, want %s", c.lookup, c.terms, got, err, c.want)
		}
	}
}

func TestCancelledLookup(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	sc := cluster(t).Scope(Context{Host: "h1", Ctx: ctx})
	if _, err := sc.Render(values.String("{{ lookup('pipe', 'sleep 60') }}")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
