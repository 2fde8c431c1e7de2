package jinja_test

import (
	"context"
	"io/fs"
	"os"
	"testing"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/jinja/pyjson"
	"github.com/gdeploy/gdeploy/values"
)

// TestInheritance renders templates that extend, include and import each other; the
// wanted texts are what Jinja2 gives.
func TestInheritance(t *testing.T) {
	data, err := os.ReadFile("../testdata/conformance/jinja-inheritance.json")
	if err != nil {
		t.Fatal(err)
	}
	file, err := pyjson.Decode(string(data))
	if err != nil {
		t.Fatal(err)
	}
	templates, _ := file.Get("templates")
	load := func(name string) (string, error) {
		src, ok := templates.Get(name)
		if !ok {
			return "", fs.ErrNotExist
		}
		return values.Text(src), nil
	}
	env := jinja.New(jinja.Options{TrimBlocks: true, KeepTrailingNewline: true, Loader: load})
	cases, _ := file.Get("cases")
	for _, c := range cases.Items() {
		name, _ := c.Get("name")
		want, wantOK := c.Get("want")
		t.Run(values.Text(name), func(t *testing.T) {
			src, _ := load(values.Text(name))
			got, err := renderSource(env, src, jinja.Vars{"name": values.String("N")})
			if !wantOK {
				if err == nil {
					t.Errorf("got %q, want an error", got)
				}
				return
			}
			if err != nil || got != values.Text(want) {
				t.Errorf("got  %q %v\nwant %q", got, err, values.Text(want))
			}
		})
	}
}

func renderSource(env *jinja.Environment, src string, scope jinja.Scope) (string, error) {
	t, err := env.Compile(src, values.Position{File: "t", Line: 1, Col: 1})
	if err != nil {
		return "", err
	}
	return t.Render(context.Background(), scope)
}
