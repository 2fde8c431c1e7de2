package plugins

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/filters"
)

const pluginSource = `
class FilterModule(object):
    def filters(self):
        return {"same": lambda value: value,
                "swap": lambda value: {"of": [value, value]},
                "up": lambda value: value.upper(),
                "hosts": lambda value: value["hosts"]}
`

// newSet makes a Set with the plugins above. It ends with the test.
func newSet(t *testing.T, o Options) *Set {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "filter_plugins"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "filter_plugins", "mine.py"), []byte(pluginSource), 0o644); err != nil {
		t.Fatal(err)
	}
	o.Python, o.Timeout = "python3", time.Minute
	s := New(o)
	t.Cleanup(s.Close)
	s.Add(dir)
	return s
}

// render renders a template that may use the plugins.
func render(t *testing.T, s *Set, src string, vars jinja.Vars) (values.Value, error) {
	t.Helper()
	x, err := jinja.New(jinja.Options{Own: s}).CompileExpression(src, values.Position{})
	if err != nil {
		t.Fatal(err)
	}
	return x.Eval(context.Background(), vars)
}

// anyData makes values as playbooks have them, with the marks that they may have.
func anyData(depth int) *rapid.Generator[values.Value] {
	scalars := []*rapid.Generator[values.Value]{
		rapid.Just(values.Null),
		rapid.Just(values.Omit),
		rapid.Map(rapid.Bool(), values.Bool),
		rapid.Map(rapid.Int64(), values.Int),
		rapid.Map(rapid.Float64(), values.Float),
		rapid.Map(rapid.StringMatching("-?[1-9][0-9]{18,40}"), func(text string) values.Value {
			v, _ := values.Decode([]byte(text))
			return v
		}),
		rapid.Map(rapid.String(), values.String),
		// Marks go with the text: one that stands there twice comes back with the marks of both.
		rapid.Map(rapid.String(), func(s string) values.Value { return values.String("unsafe: " + s).MarkUnsafe() }),
		rapid.Map(rapid.String(), func(s string) values.Value { return values.String("secret: " + s).MarkSecret() }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) values.Value { return values.String(string(b)) }),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	lists := rapid.Map(rapid.SliceOfN(anyData(depth-1), 0, 4), values.FromSlice)
	tuples := rapid.Map(rapid.SliceOfN(anyData(depth-1), 0, 4), func(items []values.Value) values.Value { return values.TupleOf(items...) })
	maps := rapid.Custom(func(t *rapid.T) values.Value {
		m := values.NewMap(4)
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			key := rapid.OneOf(rapid.Map(rapid.String(), values.String), rapid.Map(rapid.Int64(), values.Int),
				rapid.Map(rapid.SampledFrom([]string{"$map", "$tuple", "$unsafe", "$x"}), values.String)).Draw(t, "key")
			m.SetKey(key, anyData(depth-1).Draw(t, "value"))
		}
		return values.FromMap(m)
	})
	return rapid.OneOf(append(scalars, lists, tuples, maps)...)
}

// TestValuesComeBackAsTheyWent sends values through Python.
func TestValuesComeBackAsTheyWent(t *testing.T) {
	s := newSet(t, Options{})
	rapid.Check(t, func(rt *rapid.T) {
		v := anyData(2).Draw(rt, "value")
		got, err := render(t, s, "v | same", jinja.Vars{"v": v})
		if err != nil {
			rt.Fatal(err)
		}
		want, _ := values.Encode(v)
		have, err := values.Encode(got)
		if err != nil || string(want) != string(have) {
			rt.Fatalf("%s came back as %s (%v)", want, have, err)
		}
	})
}

func TestObjectsComeBack(t *testing.T) {
	s := newSet(t, Options{})
	when := filters.Datetime(time.Date(2024, 2, 29, 1, 2, 3, 4000, time.UTC))
	got, err := render(t, s, "when | same", jinja.Vars{"when": when})
	if err != nil || values.Text(got) != values.Text(when) {
		t.Errorf("a time came back as %s (%v), want %s", values.Text(got), err, values.Text(when))
	}
	fn := jinja.Func("greet", func(*jinja.Call) (values.Value, error) { return values.String("hello"), nil })
	got, err = render(t, s, "(greet | same)()", jinja.Vars{"greet": fn})
	if err != nil || values.Text(got) != "hello" {
		t.Errorf("a function came back as %s (%v)", values.Text(got), err)
	}
	_, err = render(t, s, "nobody | up", nil)
	var undefined *jinja.UndefinedError
	if !errors.As(err, &undefined) || undefined.Name != "nobody" {
		t.Errorf("what is not defined gave %v", err)
	}
}

func TestMarksGoAlong(t *testing.T) {
	s := newSet(t, Options{})
	db := values.MapOf("hosts", values.Strings("a", "b"), "password", values.String("hunter22").MarkSecret(), "said", values.String("x").MarkUnsafe())
	for _, test := range []struct {
		src            string
		unsafe, secret bool
	}{
		{"db.password | same", false, true},
		{"db.password | up", false, true},
		{"(db.password | swap).of[0]", false, true},
		{"db.said | up", true, false},
		{"(db | same).password", false, true},
		{"(db | same).hosts[0]", false, false},
		{"(db | hosts)[0]", false, false},
		{"'a' | up", false, false},
	} {
		got, err := render(t, s, test.src, jinja.Vars{"db": db})
		if err != nil || got.Unsafe() != test.unsafe || got.Secret() != test.secret {
			t.Errorf("%s: unsafe %v, secret %v (%v)", test.src, got.Unsafe(), got.Secret(), err)
		}
	}
}

// TestManyCallAtOnce uses the one process from many goroutines, with calls that call back.
func TestManyCallAtOnce(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := newSet(t, Options{})
	defer s.Close()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			got, err := render(t, s, "(v | swap).of | map('up') | join", jinja.Vars{"v": values.String(strings.Repeat("a", i))})
			if want := strings.Repeat("A", 2*i); err != nil || values.Text(got) != want {
				t.Errorf("got %s (%v), want %s", values.Text(got), err, want)
			}
		})
	}
	all.Wait()
}

func TestACallIsGivenUp(t *testing.T) {
	s := newSet(t, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	x, err := jinja.New(jinja.Options{Own: s}).CompileExpression("'a' | up", values.Position{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Eval(ctx, jinja.Vars{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got, err := x.Eval(context.Background(), jinja.Vars{}); err != nil || values.Text(got) != "A" {
		t.Errorf("the next call gave %s (%v)", values.Text(got), err)
	}
}

// FuzzAnswers reads what a process may write in the place of answers.
func FuzzAnswers(f *testing.F) {
	f.Add(`{"$tuple":["t","set",[1],"{1}"]}`)
	f.Add(`{"$tuple":["t","undefined","a",null]}`)
	f.Add(`{"$tuple":["t","live",0]}`)
	f.Add(`{"$tuple":["t","python",1,"a","b","c"]}`)
	f.Add(`{"$tuple":["t","datetime","2024-02-29T00:00:00"]}`)
	f.Add(`{"a":[{"$map":[[1,{"$tuple":["t"]}]]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := values.Decode([]byte(text))
		if err != nil {
			return
		}
		w := &wire{token: "t"}
		got, err := w.from(v)
		if err != nil {
			return
		}
		sent, err := w.to(got)
		if err != nil {
			return // nested too deep
		}
		if _, err := values.Encode(sent); err != nil {
			t.Fatalf("what was read as %s cannot be sent: %v", values.Text(got), err)
		}
	})
}
