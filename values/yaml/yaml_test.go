package yaml_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

var update = flag.Bool("update", false, "write what is now given as what is wanted")

// differs names the texts where gdeploy means something else than Ansible, and why.
var differs = map[string]string{
	"!unsafe [a, {b: c}]": "Ansible loses what is nested in !unsafe collections",
}

// TestMeaning compares with what Ansible's loader gave for the same text.
func TestMeaning(t *testing.T) {
	var cases []struct {
		YAML  string
		Want  any
		Fails bool
	}
	data, err := os.ReadFile("testdata/meaning.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if differs[c.YAML] != "" {
			continue
		}
		text := c.YAML
		if !strings.HasPrefix(text, "\ufeff") {
			text = "#\n" + text // no longer JSON
		}
		v, _, err := yaml.Load([]byte(text), "f.yml")
		if (err != nil) != c.Fails {
			t.Errorf("%q: error %v, want one: %v", c.YAML, err, c.Fails)
			continue
		}
		if diff := cmp.Diff(c.Want, described(v)); !c.Fails && diff != "" {
			t.Errorf("%q: -want +got\n%s", c.YAML, diff)
		}
	}
}

// described gives v in the form of testdata/meaning.json.
func described(v values.Value) any {
	switch v.Kind() {
	case values.KindBool:
		b, _ := v.AsBool()
		return b
	case values.KindInt, values.KindFloat:
		return map[string]any{v.Kind().String(): values.Text(v)}
	case values.KindString:
		return values.Text(v)
	case values.KindList:
		list := []any{}
		for _, item := range v.Items() {
			list = append(list, described(item))
		}
		return list
	case values.KindMap:
		pairs := []any{}
		m, _ := v.AsMap()
		for key, item := range m.All() {
			pairs = append(pairs, []any{described(key), described(item)})
		}
		return map[string]any{"map": pairs}
	}
	return nil
}

// TestErrors loads each file of testdata/errors.txtar; the file after it is the message.
func TestErrors(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/errors.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		in, want := archive.Files[i], strings.TrimSpace(string(archive.Files[i+1].Data))
		text := strings.NewReplacer("<TAB>", "\t", "<FF>", "\xff", "<NUL>", "\x00").Replace(string(in.Data))
		_, warnings, err := yaml.Load([]byte(text), in.Name)
		got := fmt.Sprint(err)
		for _, w := range warnings {
			got = w.String()
		}
		archive.Files[i+1].Data = []byte(strings.TrimSpace(got) + "\n")
		if diff := cmp.Diff(want, strings.TrimSpace(got)); diff != "" && !*update {
			t.Errorf("%s: -want +got\n%s", in.Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile("testdata/errors.txtar", txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func load(t testing.TB, text string) values.Value {
	t.Helper()
	v, _, err := yaml.Load([]byte(text), "f.yml")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEveryValueKnowsItsPosition(t *testing.T) {
	for _, text := range []string{"top:\n  - é: {x: 1}\n    y: |\n      z\n", "{\"top\":\n  [ {\"é\": {\"x\": 1},\n   \"y\": \"z\\n\"}]}"} {
		v := load(t, text)
		check := func(v values.Value) {
			if v.Pos().File != "f.yml" || v.Pos().Line == 0 || v.Pos().Col == 0 {
				t.Errorf("%s has the position %q", values.Repr(v), v.Pos())
			}
		}
		walk(v, check)
	}
	top, _ := load(t, "top:\n  - é: {x: 1}\n").Get("top")
	inner, _ := top.Items()[0].Get("é")
	x, _ := inner.Get("x")
	if got := x.Pos().String(); got != "f.yml:2:12" {
		t.Errorf("x is at %s", got)
	}
	x, _ = load(t, "{\"é\": 1, \"x\":\n 2,\n \"é\": {\"ü\": 1, \"z\": 3}}").Get("é")
	z, _ := x.Get("z")
	if got := z.Pos().String(); got != "f.yml:3:21" {
		t.Errorf("z is at %s", got)
	}
}

func walk(v values.Value, f func(values.Value)) {
	f(v)
	for _, item := range v.Items() {
		walk(item, f)
	}
	if m, ok := v.AsMap(); ok {
		for key, item := range m.All() {
			f(key)
			walk(item, f)
		}
	}
}

func TestJSON(t *testing.T) {
	v := load(t, `{"a": 1e3, "big": 123456789012345678901234567890, "s": "\u00e9\ud83d\ude00\n", "l": [true, null, -0.5, NaN], "v": {"__ansible_unsafe": "{{x}}"}}`)
	want := `{'a': 1000.0, 'big': 123456789012345678901234567890, 's': 'é😀\n', 'l': [True, None, -0.5, nan], 'v': '{{x}}'}`
	if got := values.Repr(v); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if x, _ := v.Get("v"); !x.Unsafe() {
		t.Error("__ansible_unsafe is not marked")
	}
	l, _ := v.Get("l")
	if f, _ := l.Items()[3].AsFloat(); !math.IsNaN(f) {
		t.Error("NaN is no NaN")
	}
	if got := values.Repr(load(t, `{"a": yes}`)); got != "{'a': True}" {
		t.Errorf("flow YAML gave %s", got)
	}
}

func TestTags(t *testing.T) {
	v := load(t, "u: !unsafe '{{ x }}'\nd: !unsafe [a, {b: '{{ c }}'}]\ne: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  61\n")
	u, _ := v.Get("u")
	d, _ := v.Get("d")
	b, _ := d.Items()[1].Get("b")
	if !u.Unsafe() || !b.Unsafe() {
		t.Error("!unsafe does not reach every value")
	}
	e, _ := v.Get("e")
	o, _ := e.AsObject()
	if secret, ok := o.(*yaml.Encrypted); !ok || secret.Text != "$ANSIBLE_VAULT;1.1;AES256\n61\n" {
		t.Errorf("!vault gave %v", o)
	}
}

func TestAliasesShareTheirValue(t *testing.T) {
	v := load(t, "a: &x [1]\nb: *x\n")
	a, _ := v.Get("a")
	b, _ := v.Get("b")
	la, _ := a.AsList()
	lb, _ := b.AsList()
	if la != lb {
		t.Error("an alias copied its value")
	}
	if b.Pos().Line != 2 {
		t.Errorf("the alias is at %s", b.Pos())
	}
}

func TestAliasBombIsRefused(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 20; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), ", "))
	}
	_, _, err := yaml.Load([]byte(bomb.String()), "f.yml")
	if err == nil || !strings.Contains(err.Error(), "stand for more than") {
		t.Errorf("got %v", err)
	}
}

func TestNumber(t *testing.T) {
	if v, ok := yaml.Number("0x10"); !ok || values.Text(v) != "16" {
		t.Errorf("0x10 is %v", v)
	}
	for _, s := range []string{"", "x", "1e3", "2001-01-01", "2001-13-01"} {
		if _, ok := yaml.Number(s); ok {
			t.Errorf("%q is a number", s)
		}
	}
}

func TestEmptyIsNull(t *testing.T) {
	for _, s := range []string{"", "\n", "# a\n", "---\n", "\ufeff"} {
		if v := load(t, s); !v.IsNull() {
			t.Errorf("%q is %s", s, values.Repr(v))
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, s := range []string{"a: 1", "- &x [1]\n- *x", "{<<: {a: b}}", `{"a": [1e3, "\u00e9"]}`, "!vault |\n  $ANSIBLE_VAULT", "a: {{ b }}", "1:30", "? [a]\n: b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		v, _, err := yaml.Load(src, "f.yml")
		if err == nil {
			walk(v, func(v values.Value) {
				if v.Pos().Line == 0 {
					t.Errorf("%s has no position", values.Repr(v))
				}
			})
			return
		}
		if !strings.HasPrefix(err.Error(), "f.yml:") {
			t.Errorf("no position: %v", err)
		}
	})
}

func playbook(tasks int) []byte {
	var b strings.Builder
	b.WriteString("- hosts: all\n  tasks:\n")
	for i := range tasks {
		fmt.Fprintf(&b, "  # a comment\n  - name: task %d\n    ansible.builtin.copy:\n      src: a/b\n      dest: \"/tmp/{{ x }}\"\n      mode: 0644\n    when: foo is defined\n    loop: [a, b, 3]\n    register: r\n", i)
	}
	return []byte(b.String())
}

func BenchmarkPlaybookOf10000Tasks(b *testing.B) {
	src := playbook(10000)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, _, err := yaml.Load(src, "f.yml"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	src := values.JSON(load(b, string(playbook(10000))))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, _, err := yaml.Load(src, "f.json"); err != nil {
			b.Fatal(err)
		}
	}
}
