package jinja_test

import (
	"fmt"
	"testing"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

const benchSource = `{% for u in users if u.active %}
{{ loop.index }}: {{ u.name | upper }} {{ u.groups | join(', ') }} {{ hostvars[groups['web'][0]].ansible_host }}
{% endfor %}`

func BenchmarkCompile(b *testing.B) {
	env := ansible()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := env.Compile(benchSource, values.Position{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	tmpl, err := ansible().Compile(benchSource, values.Position{})
	if err != nil {
		b.Fatal(err)
	}
	scope := conformanceVars(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tmpl.Render(ctx, scope); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkScopeSize shows that the number of variables costs nothing.
func BenchmarkScopeSize(b *testing.B) {
	for _, n := range []int{5, 500, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			scope := jinja.Vars{"name": values.String("web01")}
			for i := range n {
				scope[fmt.Sprintf("var_%d", i)] = values.Int(int64(i))
			}
			x, err := ansible().CompileExpression("name == 'web01' and var_1 > 0", values.Position{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.Eval(ctx, scope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLoop(b *testing.B) {
	tmpl, err := ansible().Compile("{% set ns = namespace(n=0) %}{% for i in range(1000) %}{% set ns.n = ns.n + i * 2 %}{% endfor %}{{ ns.n }}", values.Position{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tmpl.Render(ctx, jinja.Vars{}); err != nil {
			b.Fatal(err)
		}
	}
}
