package jinja_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/jinja/pyjson"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/filters"
)

// wantShare is the part of the conformance cases that must be right.
const wantShare = 1.0

// ansible is the environment that the cases were recorded in.
func ansible() *jinja.Environment {
	return jinja.New(jinja.Options{
		Filters:             filters.All(),
		Tests:               filters.Tests(),
		UndefinedFilters:    filters.AcceptUndefined(),
		TrimBlocks:          true,
		KeepTrailingNewline: true,
		Globals:             map[string]values.Value{"lookup": jinja.Func("lookup", fakeLookup)},
		Finalize: func(v values.Value) (values.Value, error) {
			if v.IsNull() {
				return values.String(""), nil
			}
			return v, nil
		},
	})
}

// fakeLookup gives its default, or one character.
func fakeLookup(c *jinja.Call) (values.Value, error) {
	for _, k := range c.Kwargs {
		if k.Name == "default" {
			return k.Value, nil
		}
	}
	return values.String("x"), nil
}

var readConformance = sync.OnceValues(func() (values.Value, error) {
	data, err := os.ReadFile("../testdata/conformance/jinja.json")
	if err != nil {
		return values.Null, err
	}
	return pyjson.Decode(string(data))
})

func conformanceFile(t testing.TB) values.Value {
	file, err := readConformance()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// conformanceVars are the variables of the cases.
func conformanceVars(t testing.TB) jinja.Vars {
	scope := jinja.Vars{}
	vars, _ := conformanceFile(t).Get("vars")
	m, _ := vars.AsMap()
	for name, v := range m.All() {
		scope[values.Text(name)] = v
	}
	return scope
}

func TestConformance(t *testing.T) {
	env := ansible()
	cases, _ := conformanceFile(t).Get("cases")
	right := 0
	for _, c := range cases.Items() {
		if checkCase(t, env, conformanceVars(t), c) {
			right++
		}
	}
	share := float64(right) / float64(len(cases.Items()))
	t.Logf("%d of %d conformance cases are right (%.1f %%)", right, len(cases.Items()), 100*share)
	if share < wantShare {
		t.Errorf("only %.1f %% are right, want %.1f %%", 100*share, 100*wantShare)
	}
}

func checkCase(t *testing.T, env *jinja.Environment, scope jinja.Scope, c values.Value) bool {
	kind, _ := c.Get("kind")
	src, _ := c.Get("src")
	want, hasWant := c.Get("want")
	wantErr, _ := c.Get("err")
	got, err := runCase(env, scope, values.Text(kind), values.Text(src))
	if !hasWant {
		if err == nil {
			t.Logf("%s: got %s, want the error %s", values.Text(src), values.Repr(got), values.Text(wantErr))
		}
		return err != nil && sameErrorKind(t, values.Text(src), err, values.Text(wantErr))
	}
	if err != nil {
		t.Logf("%s: %v", values.Text(src), err)
		return false
	}
	gotJSON, errGot := pyjson.Encode(got, pyjson.Options{})
	wantJSON, errWant := pyjson.Encode(want, pyjson.Options{})
	if errGot != nil || errWant != nil || gotJSON != wantJSON {
		t.Logf("%s:\n got %s %v\nwant %s", values.Text(src), gotJSON, errGot, wantJSON)
		return false
	}
	return true
}

func runCase(env *jinja.Environment, scope jinja.Scope, kind, src string) (values.Value, error) {
	pos := values.Position{File: "case", Line: 1, Col: 1}
	if kind == "expr" {
		x, err := env.CompileExpression(src, pos)
		if err != nil {
			return values.Null, err
		}
		return x.Eval(context.Background(), scope)
	}
	t, err := env.Compile(src, pos)
	if err != nil {
		return values.Null, err
	}
	text, err := t.Render(context.Background(), scope)
	return values.String(text), err
}

// sameErrorKind compares what kind of error it is, and which name is undefined.
func sameErrorKind(t *testing.T, src string, err error, want string) bool {
	var undefined *jinja.UndefinedError
	var syntax *jinja.SyntaxError
	kind := "other"
	switch {
	case errors.As(err, &undefined):
		kind = "UndefinedError: " + undefined.Msg
	case errors.As(err, &syntax):
		kind = "TemplateSyntaxError"
	}
	if kind == "other" || kind == want || len(want) > len(kind) && want[:len(kind)] == kind {
		return true
	}
	t.Logf("%s: got the error %s (%v), want %s", src, kind, err, want)
	return false
}
