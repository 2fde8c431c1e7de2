package modules_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

type line struct {
	Cmd     string   `json:"cmd" aliases:"_raw_params" help:"x"`
	Argv    []string `json:"argv" help:"x"`
	Chdir   string   `json:"chdir" help:"x"`
	Creates string   `json:"creates" help:"x"`
}

func (l *line) Run(context.Context, modules.System) (modules.Result, error) {
	return modules.Result{}, nil
}

var free = modules.Spec{Name: "run", FreeForm: "cmd", New: func() modules.Module { return new(line) }}

func TestParseFreeForm(t *testing.T) {
	tests := []struct {
		spec modules.Spec
		text string
		want string
	}{
		{spec, `name=x state=absent`, `{"name":"x","state":"absent"}`},
		{spec, `name="a b" path='c d'`, `{"name":"a b","path":"c d"}`},
		{spec, `name={{ a | default("x y") }} path=/p`, `{"name":"{{ a | default(\"x y\") }}","path":"/p"}`},
		{spec, "name=x\n  path=/p", `{"name":"x","path":"/p"}`},
		{spec, `name=a=b`, `{"name":"a=b"}`},
		{spec, `name="a\nb"`, `{"name":"a\nb"}`},
		{spec, `name=`, `{"name":""}`},
		{spec, ``, `{}`},
		{free, `ls -l`, `{"cmd":"ls -l"}`},
		{free, `ls -l chdir=/tmp`, `{"chdir":"/tmp","cmd":"ls -l"}`},
		{free, `chdir=/tmp ls  -l  creates=/x y`, `{"chdir":"/tmp","creates":"/x","cmd":"ls  -l  y"}`},
		{free, `env A=1 argv=2 cmd=3`, `{"cmd":"env A=1 argv=2 cmd=3"}`},
		{free, `echo "a  b" 'c=d' chdir="/a b"`, `{"chdir":"/a b","cmd":"echo \"a  b\" 'c=d'"}`},
		{free, "echo a\necho b", `{"cmd":"echo a\necho b"}`},
		{free, `echo {{ 'x y' if chdir else "z" }}`, `{"cmd":"echo {{ 'x y' if chdir else \"z\" }}"}`},
	}
	for _, test := range tests {
		got, err := modules.ParseFreeForm(test.spec, test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if diff := cmp.Diff(test.want, string(values.JSON(values.FromMap(got)))); diff != "" {
			t.Errorf("%s:\n%s", test.text, diff)
		}
	}
}

func TestParseFreeFormRefuses(t *testing.T) {
	for _, text := range []string{`name="x`, `name={{ x`, `hello there`} {
		if got, err := modules.ParseFreeForm(spec, text); err == nil {
			t.Errorf("%s gave %v", text, got)
		}
	}
}

func FuzzParseFreeForm(f *testing.F) {
	f.Add(`name="a b" state=x`)
	f.Add(`ls {{ "}}" }} chdir=\x41`)
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = modules.ParseFreeForm(spec, text)
		_, _ = modules.ParseFreeForm(free, text)
	})
}

func BenchmarkNothingToChange(b *testing.B) {
	args := values.MapOf("name", values.String("x"), "mode", values.String("0644"), "wait", values.Int(3))
	for b.Loop() {
		if _, err := modules.Decode(spec, args, nil); err != nil {
			b.Fatal(err)
		}
	}
}
