package pythonre_test

import (
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules/pythonre"
)

func TestPatternsMatchAsInPython(t *testing.T) {
	for _, c := range []struct{ pattern, text, want string }{
		{`^foo$`, "foo", "foo"},
		{`a{,2}b`, "aaab", "aab"},
		{`[]a]+`, "x]a]", "]a]"},
		{`[^]a]+`, "]xa", "x"},
		{`[[:x]+`, "x[:", "x[:"},
		{`[\s.]+`, "a\v .b", "\v ."},
		{`(?i)FOO`, "xfoo", "foo"},
		{`(?u)foo`, "foo", "foo"},
		{`(?#comment)foo`, "foo", "foo"},
		{`(?P<n>o+)`, "foo", "oo"},
		{`foo\Z`, "foo", "foo"},
		{`\u00e9`, "\u00e9", "\u00e9"},
		{`\-\/\"\ `, `-/" `, `-/" `},
		{`(?:a|b)+`, "xab", "ab"},
		{`[\b]`, "a\bc", "\b"},
		{`{x}`, "{x}", "{x}"},
	} {
		re, err := pythonre.Compile(c.pattern, pythonre.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if got := re.FindString(c.text); got != c.want {
			t.Errorf("%s finds %q in %q, not %q", c.pattern, got, c.text, c.want)
		}
	}
}

func TestUnicodeLetters(t *testing.T) {
	re, err := pythonre.Compile(`[\w\d]+\W`, pythonre.Options{Unicode: true})
	if err != nil || re.FindString("été x") != "été " {
		t.Errorf("%v finds %q (%v)", re, re.FindString("été x"), err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	for pattern, want := range map[string]string{
		`foo(?=bar)`: "looks ahead", `foo(?!bar)`: "looks ahead", `(?<=x)y`: "looks behind", `(?<!x)y`: "looks behind",
		`(a)\1`: `group again with \1`, `(?P<x>a)(?P=x)`: "group again", `(?x) a`: "flag x", `\p{L}`: `bad escape \p`, `a\`: "end of pattern",
		`(`: "missing closing )",
	} {
		if _, err := pythonre.Compile(pattern, pythonre.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, which does not say %q", pattern, err, want)
		}
	}
}

func TestReplacements(t *testing.T) {
	for _, c := range []struct{ pattern, replacement, text, want string }{
		{`(a)(b)?`, `[\1\2]`, "xab a", "x[ab] [a]"},
		{`(?P<n>\d+)`, `\g<n>0\g<1>`, "7", "707"},
		{`a`, `\n\t\\`, "a", "\n\t\\"},
		{`a`, `\.\é`, "a", `\.\é`},
		{`(a)`, `\10`, "a", "invalid group reference 10"},
		{`a`, `\2`, "a", "invalid group reference 2"},
		{`a`, `\q`, "a", `bad escape \q`},
		{`a`, `\g<x>`, "a", "unknown group name 'x'"},
	} {
		re, err := pythonre.Compile(c.pattern, pythonre.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		r, err := pythonre.ParseReplacement(c.replacement, re)
		if err != nil {
			got = err.Error()
		} else {
			got, _ = r.ReplaceAll(re, c.text)
		}
		if got != c.want {
			t.Errorf("%s -> %s in %q gives %q, not %q", c.pattern, c.replacement, c.text, got, c.want)
		}
	}
}
