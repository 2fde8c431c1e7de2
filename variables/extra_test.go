package variables

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/values"
)

func TestParseExtraVars(t *testing.T) {
	file := filepath.Join(t.TempDir(), "v.yml")
	if err := os.WriteFile(file, []byte("version: 012345\nname: 123456_20240131\nquoted: '012345'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string // of the map, or part of the error
	}{
		{[]string{"version=123456_20240131"}, "{'version': '123456_20240131'}"},
		{[]string{"version=012345"}, "{'version': '012345'}"},
		{[]string{"a=1 b=true"}, "{'a': '1', 'b': 'true'}"},
		{[]string{`a="x y" b='it is'`}, "{'a': 'x y', 'b': 'it is'}"},
		{[]string{`a="x\"y"`}, `{'a': 'x"y'}`},
		{[]string{`a=x"y z"w`}, `{'a': 'x"y z"w'}`},
		{[]string{`a=a\nb`}, `{'a': 'a\nb'}`},
		{[]string{`a="\u00e9"`}, `{'a': 'é'}`},
		{[]string{`a=\\x`}, `{'a': '\\x'}`},
		{[]string{`a={{ "x y" }}`}, `{'a': '{{ "x y" }}'}`},
		{[]string{`a=x=y`}, `{'a': 'x=y'}`},
		{[]string{`a=`}, `{'a': ''}`},
		{[]string{`a="it's"`}, `{'a': "it's"}`},
		{[]string{`a='x'y`}, `{'a': "'x'y"}`},
		{[]string{`a=1`, `a=2`}, `{'a': '2'}`},
		{[]string{`{"a": [1, {"b": null}]}`}, `{'a': [1, {'b': None}]}`},
		{[]string{`{a: 0644}`}, `{'a': 420}`},
		{[]string{"@" + file}, `{'version': 5349, 'name': 12345620240131, 'quoted': '012345'}`},
		{[]string{""}, `{}`},
		{[]string{`junk`}, "want key=value"},
		{[]string{`a=1 junk`}, "want key=value"},
		{[]string{`a=it's`}, "not closed"},
		{[]string{`[1]`}, "want a mapping"},
		{[]string{`{a: `}, "-e"},
		{[]string{"@/nope"}, "no such file"},
		{[]string{"./v.yml"}, "write @./v.yml"},
	} {
		m, err := ParseExtraVars(c.args, nil)
		got := ""
		if m != nil {
			got = values.Repr(values.FromMap(m))
		}
		if got != c.want && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: got %s, %v, want %s", c.args, got, err, c.want)
		}
	}
}

// FuzzParseExtraVars: whatever is typed, key=value values are strings, and no value
// that was accepted is lost.
func FuzzParseExtraVars(f *testing.F) {
	for _, seed := range []string{"a=1", `a="x y" b=2`, `{"a": 1}`, "a={{ 1 }}", `a=\u00e9\`, "a='", "=", "a=b=c", "{% a %}=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		if strings.HasPrefix(arg, "@") {
			return
		}
		m, err := ParseExtraVars([]string{arg}, nil)
		if err != nil || strings.HasPrefix(arg, "{") || strings.HasPrefix(arg, "[") {
			return
		}
		for key, v := range m.All() {
			if v.Kind() != values.KindString {
				t.Errorf("%q: %s is a %s", arg, values.Text(key), v.Kind())
			}
		}
		if m.Len() > strings.Count(arg, "=") {
			t.Errorf("%q gives %d variables", arg, m.Len())
		}
	})
}

// FuzzLiteral: reading text as a literal never fails loudly, and what Python prints is
// read back the same.
func FuzzLiteral(f *testing.F) {
	for _, seed := range []string{"[1, 'a']", "{'a': (1,)}", "[1e3, -0x1f]", `["\x41\u00e9"]`, "{1, 2}", "[r'\\n' 'x']", "[[[["} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, ok := parseLiteral(text)
		if !ok || !isData(v) {
			return
		}
		again, ok := parseLiteral(values.Repr(v))
		if !ok || !values.Equal(v, again) {
			t.Errorf("%q: %s is read back as %s, %v", text, values.Repr(v), values.Repr(again), ok)
		}
	})
}
