package variables

import (
	"context"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/filters"
)

// parsing are the filters and tests that read a text of a form.
var parsing = []string{
	"from_json", "from_yaml", "from_yaml_all", "human_to_bytes", "b64decode", "urlsplit", "to_datetime", "unvault('x')", "regex_findall('(a|b)*c')",
	"from_csv", "ipaddr", "ipaddr('network')", "ipsubnet(24, 0)", "hwaddr('linux')", "to_seconds", "strftime(1)", "regex_replace('a', 'b')", "splitext", "urldecode", "int", "float",
	"version_sort", "cidr_merge", "get_path('a.b')", "json_query('a.b[0]')",
}

// FuzzParsingFilters gives them any text, as value and as pattern: none may panic or hang.
func FuzzParsingFilters(f *testing.F) {
	for _, seed := range []string{`{"a": [1, 2.5e3]}`, "a: [1, {b: c}]\n---\nx", "10.0.0.1/24", "1.5 MB", "aGFsbG8=", "http://u@h:1/p?q#f", "2020-01-02 03:04:05", "a,b\n1,\"2\"", "[].{a: b} | [0]", "(?P<x>a)+", "%Y-%m", "1h 30m", "00:1a:2b:3c:4d:5e"} {
		f.Add(seed)
	}
	env := jinja.New(jinja.Options{Filters: filters.All(), Tests: filters.Tests(), UndefinedFilters: filters.AcceptUndefined()})
	var compiled []*jinja.Expression
	for _, name := range parsing {
		compiled = append(compiled, compileFor(f, env, "text | "+name))
	}
	for _, x := range []string{"d | json_query(text)", "'aab' | regex_search(text)", "'aab' | regex_replace('a', text)", "text is version('1.0', '<')", "text % (1, 'a')", "text.format(1, a=2)", "text | strftime(5)", "users | map(attribute=text) | list", "'2020-01-01' | to_datetime(text)", "d | get_path(text)"} {
		compiled = append(compiled, compileFor(f, env, x))
	}
	f.Fuzz(func(t *testing.T, text string) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		scope := jinja.Vars{"text": values.String(text), "d": values.MapOf("a", values.ListOf(values.Int(1), values.MapOf("b", values.Null))), "users": values.ListOf(values.MapOf("a", values.Int(1)))}
		for _, x := range compiled {
			_, _ = x.Eval(ctx, scope)
		}
	})
}

func compileFor(f *testing.F, env *jinja.Environment, src string) *jinja.Expression {
	f.Helper()
	x, err := env.CompileExpression(src, values.Position{})
	if err != nil {
		f.Fatal(err)
	}
	return x
}
