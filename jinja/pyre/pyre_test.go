package pyre_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/jinja/pyre"
)

func TestReplaceAsPythonDoes(t *testing.T) {
	for _, c := range []struct{ pattern, replacement, text, want string }{
		{`(\w+)=(\w+)`, `\2=\1`, "a=b", "b=a"},
		{`(?P<k>\w+)=(?P<v>\w+)`, `\g<v>=\g<k>`, "a=b", "b=a"},
		{`(?P<a>x)(y)`, `\2\1`, "xy", "yx"}, // groups count from left to right, named or not
		{`x*`, `-`, "abxd", "-a-b--d-"},
		{``, `-`, "ab", "-a-b-"},
		{`(x)?f`, `<\1>`, "foo", "<>oo"},
		{`$`, `!`, "a\n", "a!\n!"},
		{`\Z`, `!`, "a\n", "a\n!"},
		{`[[]`, `(`, "[a]", "(a]"},
		{`l{,2}`, `L`, "llll", "LLL"},
		{`{`, `(`, "{}", "(}"},
		{`(a)\1`, `\g<1>0`, "aa", "a0"},
		{`(?i)HELLO`, `\n`, "hello", "\n"},
		{`.`, `x`, "\xff\xfe", "xx"},
		{`a`, `b`, "\xffa", "\xffb"},
		{`(?x) a # comment
		   b`, `c`, "ab", "c"},
	} {
		re, err := pyre.Compile(c.pattern, 0)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		got, _, err := re.Replace(c.text, c.replacement, 0, nil)
		if err != nil || got != c.want {
			t.Errorf("%s on %q: got %q %v, want %q", c.pattern, c.text, got, err, c.want)
		}
	}
}

func TestMistakesSayWhere(t *testing.T) {
	for pattern, want := range map[string]string{
		`(`:              "regular expression",
		`*`:              "regular expression",
		`\q`:             `bad escape \q at position 0`,
		`[a`:             "unterminated character set",
		`(?P<1>x)`:       `"1" is no name for a group`,
		`(?P=nope)`:      `there is no group "nope"`,
		`(?P<a>)(?P<a>)`: "defined twice",
		`a(?i)b`:         "global flags not at the start",
		`\2`:             "there is no group 2",
	} {
		if _, err := pyre.Compile(pattern, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", pattern, err, want)
		}
	}
}

func TestMatchStartIsAnchored(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"b", "ab", false}, {"a|b", "ba", true}, {"b|ab", "ab", true}, {"(?m)^b", "a\nb", false}, {"", "", true},
	} {
		re, err := pyre.Compile(c.pattern, 0)
		if err != nil {
			t.Fatal(err)
		}
		m, err := re.MatchStart(c.text)
		if err != nil || (m != nil) != c.want {
			t.Errorf("%s on %q: got %v %v", c.pattern, c.text, m, err)
		}
	}
}

func TestEscapeMatchesItself(t *testing.T) {
	text := "a.b*c [x] (y) #z\t\\ 1-2 ä\xff"
	re, err := pyre.Compile(pyre.Escape(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := re.MatchStart(text); err != nil || m == nil || m.Text() != text {
		t.Errorf("got %v %v", m, err)
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`(?P<a>x)(?(a)y|z)`, `[^]\w]`, `\x41\u0041\101`, `(?i:a)(?#c){1,}`, `a{2}{3}`} {
		f.Add(s, `\g<a>\1\n`)
	}
	f.Fuzz(func(t *testing.T, pattern, replacement string) {
		start := time.Now()
		if re, err := pyre.Compile(pattern, 0); err == nil {
			_, _ = re.Replacement(replacement)
		}
		if took := time.Since(start); took > 10*time.Second { // a pattern that a compiler hangs on, and no figure
			t.Errorf("took %s", took)
		}
	})
}
