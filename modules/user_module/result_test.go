package user_module

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, out             string
		found, changed, fails bool
	}{
		{"plain", `{"changed": true}`, true, true, false},
		{"behind and before noise", "hello\n{\"a\": 1,\n\"failed\": true}\nbye\n", true, false, true},
		{"a code alone is a failure", `{"rc": 4}`, true, false, true},
		{"a code beside failed is not", `{"rc": 4, "failed": false}`, true, false, false},
		{"a list", `["a"]`, false, false, false},
		{"a line break within a string", "{\"a\": \"b\nc\"}", false, false, false},
		{"an end without a beginning", "}\n{", false, false, false},
		{"nothing", "", false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := read(modules.Output{Stdout: c.out})
			if (s.data != nil) != c.found || s.changed != c.changed || s.failed != c.fails {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestAFailureMayHaveChangedSomething(t *testing.T) {
	r, err := new(Module).result(modules.Output{Stdout: `{"rc": 4, "changed": true}`})
	if err == nil || !r.Changed {
		t.Errorf("changed %v, error %v; want both", r.Changed, err)
	}
}
