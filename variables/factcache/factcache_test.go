package factcache

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

func facts(t *testing.T, text string) *values.Map {
	t.Helper()
	v, _, err := yaml.Load([]byte(text), "")
	if err != nil {
		t.Fatal(err)
	}
	m, _ := v.AsMap()
	return m
}

// TestSave: the file is byte for byte what Ansible's jsonfile writes.
func TestSave(t *testing.T) {
	d := &Directory{Path: filepath.Join(t.TempDir(), "new"), Prefix: "pre_"}
	m := facts(t, `{y: 2.5, x: [1, {b: [], a: "é𝄞\n"}], e: {}, n: null, module_setup: true}`)
	m.Set("hidden", values.String("s3cret").MarkSecret())
	if err := d.Save("a", m); err != nil {
		t.Fatal(err)
	}
	want := `{
    "_ansible_facts_gathered": true,
    "e": {},
    "module_setup": true,
    "n": null,
    "x": [
        1,
        {
            "a": "\u00e9\ud834\udd1e\n",
            "b": []
        }
    ],
    "y": 2.5
}`
	path := filepath.Join(d.Path, "pre_a")
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestLoad(t *testing.T) {
	for _, asYAML := range []bool{false, true} {
		d := &Directory{Path: t.TempDir(), Timeout: time.Hour, YAML: asYAML}
		m := facts(t, `{x: [1, 2.0, "yes", {a: b}], module_setup: true}`)
		if err := d.Save("h", m); err != nil {
			t.Fatal(err)
		}
		got, err := d.Load("h")
		if err != nil || !values.Equal(values.FromMap(got), values.FromMap(m)) {
			t.Errorf("got %v, %v", got, err)
		}
		if got, err := d.Load("other"); got != nil || err != nil {
			t.Errorf("got %v, %v", got, err)
		}
		d.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
		if got, err := d.Load("h"); got != nil || err != nil {
			t.Errorf("too old: got %v, %v", got, err)
		}
		d.Timeout = 0
		if got, err := d.Load("h"); got == nil || err != nil {
			t.Errorf("no timeout: got %v, %v", got, err)
		}
		if err := d.Forget("h"); err != nil {
			t.Error(err)
		}
		if got, err := d.Load("h"); got != nil || err != nil {
			t.Errorf("forgotten: got %v, %v", got, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	d := &Directory{Path: t.TempDir()}
	if err := d.Save("../h", values.NewMap(0)); err == nil {
		t.Error("a name led out of the directory")
	}
	path := filepath.Join(d.Path, "h")
	if err := os.WriteFile(path, []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load("h"); err == nil {
		t.Error("damaged facts were read")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("damaged facts stayed")
	}
}
