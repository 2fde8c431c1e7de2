package jinja_test

import (
	"bufio"
	"os"
	"testing"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/jinja/pyjson"
	"github.com/gdeploy/gdeploy/values"
)

// TestMoreConformance runs expressions whose values ansible-core 2.14 gave, written as
// Python's repr; those with err must fail.
func TestMoreConformance(t *testing.T) {
	f, err := os.Open("../testdata/conformance/jinja-more.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	env := ansible()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		c, err := pyjson.Decode(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		checkMore(t, env, c)
	}
}

func checkMore(t *testing.T, env *jinja.Environment, c values.Value) {
	t.Helper()
	kind, _ := c.Get("kind")
	src, _ := c.Get("src")
	want, hasWant := c.Get("want")
	got, err := runCase(env, conformanceVars(t), values.Text(kind), values.Text(src))
	if err == nil {
		err = jinja.Defined(got)
	}
	switch {
	case hasWant && err != nil:
		t.Errorf("%s:\n got %v\nwant %s", values.Text(src), err, values.Text(want))
	case hasWant && values.Repr(got) != values.Text(want):
		t.Errorf("%s:\n got %s\nwant %s", values.Text(src), values.Repr(got), values.Text(want))
	case !hasWant && err == nil:
		t.Errorf("%s: got %s, want an error", values.Text(src), values.Repr(got))
	}
}
