package inventory

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/values"
)

// literalsDiffer names the texts that gdeploy reads differently from Python.
var literalsDiffer = map[string]string{
	"{1,2}":         "sets become lists",
	"set()":         "sets become lists",
	"3j":            "complex numbers stay text",
	"'\\N{BULLET}'": "characters by name stay text",
	"{[1]:2}":       "Ansible stops with an exception, gdeploy keeps the text",
	"{(1,[2]):3}":   "Ansible stops with an exception, gdeploy keeps the text",
	"{{}}":          "Ansible stops with an exception, gdeploy keeps the text",
	"{1,[2]}":       "Ansible stops with an exception, gdeploy keeps the text",
	"1e400":         "prints as inf in both",
}

// TestLiteral compares with the repr of what Python's literal_eval gave.
func TestLiteral(t *testing.T) {
	data, err := os.ReadFile("testdata/literals.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases [][2]string
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if literalsDiffer[c[0]] != "" {
			continue
		}
		if got := values.Repr(literal(c[0])); got != c[1] {
			t.Errorf("%q is %s, want %s", c[0], got, c[1])
		}
	}
}

func TestDeepLiteralsAreQuicklyText(t *testing.T) {
	for _, open := range []string{"{", "[", "(", "{'a':", "-", "[{", "((1,"} {
		text := strings.Repeat(open, 80)
		if got, _ := literal(text).AsString(); got != text {
			t.Errorf("%q is %s", text, values.Repr(literal(text)))
		}
	}
}

func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"[1, 'a', (2,), {'b': None}]", "-0x1f", "1_0.5e3", "rb'x' b'y'", "'''a'''", "{1,2} # x", "((((("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { literal(s) })
}
