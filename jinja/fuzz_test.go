package jinja_test

import (
	"context"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// FuzzCompile compiles and renders what it is given: neither may panic or hang.
func FuzzCompile(f *testing.F) {
	cases, _ := conformanceFile(f).Get("cases")
	for _, c := range cases.Items() {
		src, _ := c.Get("src")
		f.Add(values.Text(src))
		f.Add("{{ " + values.Text(src) + " }}")
	}
	env := ansible().With(func(o *jinja.Options) {
		o.Limits = jinja.Limits{Recursion: 20, Iterations: 10_000, Output: 1 << 20}
	})
	f.Fuzz(func(t *testing.T, src string) {
		tmpl, err := env.Compile(src, values.Position{})
		if err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, _ = tmpl.Render(ctx, conformanceVars(t))
		if took := time.Since(start); took > 30*time.Second { // the context was not looked at
			t.Errorf("took %s", took)
		}
	})
}
