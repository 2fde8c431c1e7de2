package yaml_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// TestMarshal compares with what PyYAML, with Ansible's dumper, printed for the same value.
func TestMarshal(t *testing.T) {
	layouts := map[string]yaml.Layout{
		"default": {},
		"nice":    {Indent: 4},
		"flow":    {FlowLeaves: true},
		"ascii":   {ASCII: true},
		"wide":    {Width: 1000},
	}
	data, err := os.ReadFile("testdata/marshal.json")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := values.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases.Items() {
		v, _ := c.Get("value")
		for name, layout := range layouts {
			want, _ := c.Get(name)
			if diff := cmp.Diff(values.Text(want), string(layout.Marshal(v))); diff != "" {
				t.Errorf("%s as %s: -want +got\n%s", values.Repr(v), name, diff)
			}
		}
	}
}

func TestMarshalEncryptedAndShared(t *testing.T) {
	text := "- &id001\n  a: 1\n- *id001\n- !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6161\n"
	v := load(t, text)
	if got := string(yaml.Marshal(v)); got != text {
		t.Errorf("got\n%s", got)
	}
}
