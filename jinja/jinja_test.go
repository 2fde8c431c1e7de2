package jinja_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

var ctx = context.Background()

func render(t *testing.T, env *jinja.Environment, src string, scope jinja.Scope) string {
	t.Helper()
	text, err := renderSource(env, src, scope)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return text
}

func TestErrorsNameThePlaceAndWhatToDo(t *testing.T) {
	env := jinja.New(jinja.Options{})
	pos := values.Position{File: "site.yml", Line: 7, Col: 12}
	for src, want := range map[string]string{
		"{{ a | uper }}":                    `site.yml:7:19: there is no filter "uper": did you mean "upper"?`,
		"{{ a is defind }}":                 `site.yml:7:20: there is no test "defind": did you mean "defined"?`,
		"x\n{% for x in y %}":               `site.yml:8:17: the template ends where {% else %} or {% endfor %} is missing`,
		"{% fro x in y %}":                  `site.yml:7:15: there is no tag "fro": did you mean "for"?`,
		"{{ (1 }}":                          `site.yml:7:18: unexpected "}": "(" is open`,
		"{% autoescape true %}":             `site.yml:7:15: autoescape is not supported: use the filter e where text must be escaped`,
		"{{ 'abc":                           "site.yml:7:15: the string is never closed: add a '",
		"{{ x }} {{ y | nix }} {{ z is q}}": "site.yml:7:27: there is no filter \"nix\"\nsite.yml:7:42: there is no test \"q\"",
	} {
		_, err := env.Compile(src, pos)
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", src, err, want)
		}
	}
	for src, want := range map[string]string{
		"{{ 1 }}\n{{ nope }}":       "site.yml:8:4: 'nope' is undefined",
		"{{ d.x.y }}":               "site.yml:7:17: 'dict object' has no attribute 'x'",
		"{{ 7 % 0 }}":               "site.yml:7:17: integer division or modulo by zero",
		"{{ 'a' + 1 }}":             `site.yml:7:19: can only concatenate str (not "int") to str: use ~, which turns both into text`,
		"{{ 'x' | indent(foo=1) }}": "site.yml:7:21: indent() got an unexpected keyword argument 'foo'; it takes width, first, blank",
		"{{ [1] | map('nofilt') }}": `site.yml:7:21: there is no filter "nofilt"`,
		"{% include 'x' %}":         `site.yml:7:15: cannot load the template "x": templates cannot load others here`,
		"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}": "site.yml:7:31: macros, includes and recursive loops are nested more than 200 deep: does one call itself?",
	} {
		tmpl, err := env.Compile(src, pos)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tmpl.Render(ctx, jinja.Vars{"d": values.MapOf()})
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", src, err, want)
		}
	}
}

func TestUndefinedErrorIsTyped(t *testing.T) {
	env := jinja.New(jinja.Options{})
	_, err := renderSource(env, "{{ users[0].nme }}", jinja.Vars{"users": values.ListOf(values.MapOf("name", values.String("a")))})
	var u *jinja.UndefinedError
	if !errors.As(err, &u) {
		t.Fatalf("got %T %v", err, err)
	}
	want := &jinja.UndefinedError{Name: "nme", Path: "users[0].nme", Msg: "'dict object' has no attribute 'nme'", Pos: values.Position{File: "t", Line: 1, Col: 13}}
	if diff := cmp.Diff(want, u); diff != "" {
		t.Error(diff)
	}
}

func TestNamesAreThoseTakenFromOutside(t *testing.T) {
	env := jinja.New(jinja.Options{})
	for src, want := range map[string]string{
		"{{ a }}{{ b.c[d] }}{{ a }}":    "a b d",
		"{% set x = y %}{{ x }}":        "y",
		"{{ x }}{% set x = 1 %}{{ x }}": "x",
		"{% for i in list if i > min %}{{ loop.index }}{{ i }}{% endfor %}{{ i }}":          "list min i",
		"{% macro m(a, b=c) %}{{ a }}{{ later }}{{ out }}{% endmacro %}{% set later = 1 %}": "c out",
		"{% with a=b %}{{ a }}{% endwith %}{{ a }}":                                         "b a",
		"{% import 'x' as lib %}{{ lib.m(q) }}":                                             "q",
		"{% set ns.x = 1 %}":                                                                "ns",
		"{% call(x) m(z) %}{{ x }}{% endcall %}":                                            "m z",
	} {
		tmpl, err := env.Compile(src, values.Position{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(tmpl.Names(), " "); got != want {
			t.Errorf("%s: got %q, want %q", src, got, want)
		}
	}
}

// countingScope counts how often each name is looked up.
type countingScope map[string]int

func (s countingScope) Lookup(name string) (values.Value, bool, error) {
	s[name]++
	return values.Int(1), true, nil
}

func TestLookupIsLazyAndOncePerName(t *testing.T) {
	env := jinja.New(jinja.Options{})
	scope := countingScope{}
	render(t, env, "{% for i in [1, 2] %}{{ a }}{% endfor %}{% if a %}{{ a }}{% else %}{{ b }}{% endif %}", scope)
	if len(scope) != 1 || scope["a"] != 1 {
		t.Errorf("lookups: %v", scope)
	}
}

func TestScopeErrorsCarryThePlace(t *testing.T) {
	env := jinja.New(jinja.Options{})
	_, err := renderSource(env, "ab{{ x }}", failingScope{})
	if err == nil || err.Error() != "t:1:6: no network" {
		t.Errorf("got %v", err)
	}
}

type failingScope struct{}

func (failingScope) Lookup(string) (values.Value, bool, error) {
	return values.Null, false, errors.New("no network")
}

func TestNodesKeepTheValueOfASingleExpression(t *testing.T) {
	env := jinja.New(jinja.Options{KeepTrailingNewline: true})
	scope := jinja.Vars{"l": values.ListOf(values.Int(1))}
	for src, want := range map[string]string{
		"{{ l }}":                         "[[1]]",
		"{{ l }}{# c #}":                  "[[1]]",
		"{{ l }}\n":                       "[[1], '\\n']",
		"a{{ l }}b{{ 1 }}":                "['a', [1], 'b', 1]",
		"a{# x #}b":                       "['ab']",
		"":                                "[]",
		"{% if true %}{{ l }}{% endif %}": "[[1]]",
	} {
		tmpl, err := env.Compile(src, values.Position{})
		if err != nil {
			t.Fatal(err)
		}
		nodes, err := tmpl.Nodes(ctx, scope)
		if got := values.Repr(values.FromSlice(nodes)); err != nil || got != want {
			t.Errorf("%q: got %s %v, want %s", src, got, err, want)
		}
	}
}

func TestMarksFollowTheData(t *testing.T) {
	env := ansible()
	scope := jinja.Vars{
		"out":   values.String("a,b {{ x }}").MarkUnsafe(),
		"facts": values.MapOf("os", values.String("Debian")).MarkUnsafe(),
		"pw":    values.String("hunter2").MarkSecret(),
		"user":  values.MapOf("name", values.String("bob"), "pw", values.String("s3cret").MarkSecret()),
		"plain": values.String("p"),
		"tab":   values.ListOf(values.String("x"), values.String("y").MarkUnsafe()),
	}
	const unsafe, secret, none = "unsafe", "secret", ""
	for src, want := range map[string]string{
		"out":                                    unsafe,
		"out | upper":                            unsafe,
		"out ~ plain":                            unsafe,
		"plain ~ out":                            unsafe,
		"plain + out":                            unsafe,
		"out * 2":                                unsafe,
		"'%s' % out":                             unsafe,
		"'%s %s' % (plain, out)":                 unsafe,
		"'{}'.format(out)":                       unsafe,
		"'{a}'.format(a=out)":                    unsafe,
		"out[0]":                                 unsafe,
		"out[1:3]":                               unsafe,
		"out.split(',')[0]":                      unsafe,
		"out.split(',') | first":                 unsafe,
		"(out | list)[0]":                        unsafe,
		"facts.os":                               unsafe,
		"facts['os'] | lower":                    unsafe,
		"facts | to_json":                        unsafe,
		"[plain, out] | join(',')":               unsafe,
		"[plain, out] | to_json":                 unsafe,
		"[plain, out] | string":                  unsafe,
		"[plain, out] | first":                   none,
		"[plain, out] | last":                    unsafe,
		"tab | map('upper') | first":             none,
		"tab | map('upper') | last":              unsafe,
		"tab | sort | last":                      unsafe,
		"(tab | zip(tab) | last)[0]":             unsafe,
		"plain | replace('p', out)":              unsafe,
		"plain | regex_replace('p', out)":        unsafe,
		"out | regex_search('a')":                unsafe,
		"(out | regex_findall('a'))[0]":          unsafe,
		"('{\"a\": 1}' ~ out[:0]) | from_json":   unsafe,
		"out | b64encode | b64decode":            unsafe,
		"nope | default(out)":                    unsafe,
		"plain | default(out)":                   none,
		"out if true else plain":                 unsafe,
		"true | ternary(out, plain)":             unsafe,
		"false | ternary(out, plain)":            none,
		"'os' | extract(facts)":                  unsafe,
		"{'a': out} | combine({'b': plain})":     none,
		"({'a': out} | combine({'b': plain})).a": unsafe,
		"({'a': out} | dict2items)[0].value":     unsafe,
		"facts.keys() | first":                   unsafe,
		"dict(a=out).a":                          unsafe,
		"namespace(a=out).a":                     unsafe,
		"user.name":                              none,
		"user.pw":                                secret,
		"[user] | map(attribute='name') | first": none,
		"[user] | map(attribute='pw') | first":   secret,
		"pw | hash('sha1')":                      secret,
		"pw ~ plain":                             secret,
		"pw | length":                            secret,
		"plain | password_hash('sha512', 'abc', rounds=1000)": none,
		"pw | password_hash('sha512', 'abc', rounds=1000)":    secret,
		"user | to_json": secret,
		"plain":          none,
	} {
		x, err := env.CompileExpression(src, values.Position{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := x.Eval(ctx, scope)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if got := marks(v); got != want {
			t.Errorf("%s = %s: got the mark %q, want %q", src, values.Repr(v), got, want)
		}
	}
	for src, want := range map[string]string{
		"{{ plain }}": none,
		"a{{ out }}":  unsafe,
		"{% set x %}{{ out }}{% endset %}{{ x }}":           unsafe,
		"{% macro m(a) %}{{ a }}{% endmacro %}{{ m(out) }}": unsafe,
		"{% filter upper %}{{ pw }}{% endfilter %}":         secret,
		"{% for c in out %}{{ c }}{% endfor %}":             unsafe,
		"{{ [plain, pw] }}":                                 secret,
	} {
		tmpl, err := env.Compile(src, values.Position{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := tmpl.RenderValue(ctx, scope)
		if got := marks(v); err != nil || got != want {
			t.Errorf("%s: got the mark %q %v, want %q", src, got, err, want)
		}
	}
}

func marks(v values.Value) string {
	switch {
	case v.Unsafe():
		return "unsafe"
	case v.Secret():
		return "secret"
	}
	return ""
}

func TestLimits(t *testing.T) {
	env := ansible().With(func(o *jinja.Options) {
		o.Limits = jinja.Limits{Recursion: 20, Iterations: 10_000, Output: 100_000}
	})
	for _, src := range []string{
		"{{ 'a' * 10**9 }}", "{{ 'a' * 10**30 }}", "{{ [0] * 10**9 }}", "{{ range(10**12) }}", "{{ range(-(2**62), 2**62) }}",
		"{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}",
		"{% for i in range(9000) %}{{ 'x' * 100 }}{% endfor %}",
		"{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}",
		"{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}",
		"{{ 9 ** (9 ** 9) }}", "{{ 2 ** (10 ** 8) }}", "{{ '%1000000000d' % 5 }}", "{{ '%.1000000000f' % 5 }}", "{{ '{:1000000000}'.format(5) }}",
		"{{ '{:.1000000000f}'.format(5.0) }}", "{{ 'x' | center(10**9) }}", "{{ 'x'.ljust(10**9) }}", "{{ 'x'.zfill(10**9) }}", "{{ 'a' | indent(10**9) }}",
		"{{ ('a' * 1000) | replace('a', 'b' * 1000) }}", "{{ ('a' * 1000).replace('a', 'b' * 1000) }}", "{{ ('b' * 1000).join('a' * 1000) }}",
		"{{ range(100) | permutations | list }}", "{{ range(1000) | product(range(1000)) }}", "{{ range(10) | product(repeat=30) }}",
		"{% set l = [1] %}{% for i in range(100) %}{% set _ = l.extend(l) %}{% endfor %}",
		"{% set l = [] %}{% set _ = l.append(l) %}{{ l }}", "{% set d = {} %}{% set _ = d.update(a=[d]) %}{{ d }}",
		"{% set ns = namespace(x=[]) %}{% for i in range(5000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
		"{% set ns = namespace(x='ab') %}{% for i in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
		"{% set ns = namespace(x='ab') %}{% for i in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
		"{{ [1,2] | batch(10**9, 'x') }}", "{{ [1] | slice(10**9) }}", "{{ '\\t'.expandtabs(10**9) }}",
		"{{ 'a' | comment(prefix='x', prefix_count=10**9) }}", "{{ ('a' * 300) | regex_replace('a', 'b' * 1000) }}",
	} {
		if text, err := renderSource(env, src, nil); err == nil {
			t.Errorf("%s: no error, %d bytes", src, len(text))
		}
	}
}

func TestTimeEndsARender(t *testing.T) {
	env := jinja.New(jinja.Options{Limits: jinja.Limits{Iterations: 1 << 40}})
	tmpl, err := env.Compile("{% set ns = namespace(i=0) %}{% for a in range(1000000) %}{% for b in range(1000000) %}{% set ns.i = ns.i + 1 %}{% endfor %}{% endfor %}", values.Position{})
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := tmpl.Render(short, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestTemplatesAreSafeForConcurrentUse(t *testing.T) {
	env := ansible()
	tmpl, err := env.Compile("{% macro m(a) %}<{{ a }}>{% endmacro %}{% set ns = namespace(n=0) %}{% for i in range(n) %}{% set ns.n = ns.n + i %}{{ m(i|string|regex_replace('1', 'x')) }}{% endfor %}{{ ns.n }}", values.Position{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := tmpl.Render(ctx, jinja.Vars{"n": values.Int(20)})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				got, err := tmpl.Render(ctx, jinja.Vars{"n": values.Int(20)})
				if err != nil || got != want {
					t.Errorf("got %q %v", got, err)
				}
			}
		})
	}
	group.Wait()
}

// host is a lazy object such as callers provide.
type host struct{ loaded *int }

func (host) TypeName() string { return "HostVars" }

func (h host) Item(key values.Value) (values.Value, bool, error) {
	*h.loaded++
	if values.Text(key) == "broken" {
		return values.Null, false, errors.New("cannot load")
	}
	return values.MapOf("name", key), values.Text(key) != "none", nil
}

func (h host) Map() (*values.Map, error) {
	m := values.NewMap(1)
	m.Set("web", values.MapOf("name", values.String("web")))
	return m, nil
}

func TestLazyObjects(t *testing.T) {
	loaded := 0
	scope := jinja.Vars{"hostvars": values.FromObject(host{&loaded})}
	env := ansible()
	for src, want := range map[string]string{
		"{{ hostvars['web'].name }}":                                "web",
		"{{ hostvars.web.name }}":                                   "web",
		"{{ hostvars.none is defined }}":                            "False",
		"{{ hostvars.none.x | default('d') }}":                      "d",
		"{{ 'web' in hostvars }}":                                   "True",
		"{{ hostvars | list }}":                                     "['web']",
		"{{ hostvars | length }}":                                   "1",
		"{% for h in hostvars %}{{ h }}{% endfor %}":                "web",
		"{{ hostvars.items() | list }}":                             "[('web', {'name': 'web'})]",
		"{{ hostvars.get('none', 5) }}":                             "5",
		"{{ hostvars is mapping }}":                                 "True",
		"{{ hostvars | dict2items | map(attribute='key') | join }}": "web",
		"{{ hostvars | to_json }}":                                  `{"web": {"name": "web"}}`,
		"{{ ['web'] | map('extract', hostvars, 'name') | first }}":  "web",
		"{{ hostvars | combine({'x': 1}) | length }}":               "2",
		"{{ hostvars.values() | map(attribute='name') | list }}":    "['web']",
	} {
		if got := render(t, env, src, scope); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
	if _, err := renderSource(env, "{{ hostvars.broken }}", scope); err == nil || !strings.Contains(err.Error(), "cannot load") {
		t.Errorf("got %v", err)
	}
}

func TestDelimiters(t *testing.T) {
	env := jinja.New(jinja.Options{Delimiters: jinja.Delimiters{
		BlockStart: "<%", BlockEnd: "%>", VariableStart: "[[", VariableEnd: "]]", CommentStart: "<#", CommentEnd: "#>",
	}})
	if got := render(t, env, "<% if true %>[[ [1][0] ]]<# c #>{{ x }}<% endif %>", nil); got != "1{{ x }}" {
		t.Errorf("got %q", got)
	}
}

func TestFunctionsSeeTheScopeOfTheCall(t *testing.T) {
	see := jinja.Func("see", func(c *jinja.Call) (values.Value, error) {
		v, ok, err := c.Scope().Lookup("local")
		return values.String(fmt.Sprintf("%s-%v", values.Text(v), ok)), err
	})
	env := jinja.New(jinja.Options{Globals: map[string]values.Value{"see": see}})
	if got := render(t, env, "{{ see() }} {% for local in [1] %}{{ see() }}{% endfor %}", jinja.Vars{}); got != "None-false 1-true" {
		t.Errorf("got %q", got)
	}
}
