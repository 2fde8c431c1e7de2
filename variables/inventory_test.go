package variables

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/values"
)

// TestFromInventory goes through the real inventory: files, groups, and a host that a
// play adds.
func TestFromInventory(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"hosts":              "[web]\nw1 own=1\nw2\n[db]\nd1\n[web:vars]\ngv=\"{{ own | default('none') }}\"\n",
		"group_vars/web.yml": "file: \"from {{ group_names | join(',') }}\"\n",
		"host_vars/w2.yml":   "own: two\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inv, err := inventory.Load(context.Background(), []string{filepath.Join(dir, "hosts")}, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := NewStore(Options{Inventory: FromInventory(inv)})
	sc := s.Scope(Context{Host: "w1"})
	want := "1 two from web ['w1', 'w2'] " + dir + " ['w1']"
	if got := look(t, sc, "{{ gv }} {{ hostvars.w2.gv }} {{ file }} {{ groups.web }} {{ inventory_dir }} {{ query('inventory_hostnames', 'web:!w2') }}"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	vars := values.NewMap(1)
	vars.Set("own", values.String("new"))
	inv.AddHost("w3", vars, "web")
	if got := look(t, s.Scope(Context{Host: "w3"}), "{{ gv }} {{ groups.web }} {{ group_names }} {{ inventory_file is defined }}"); got != "new ['w1', 'w2', 'w3'] ['web'] False" {
		t.Error(got)
	}
}
