package find

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/values"
)

// A line that is longer than what is kept of it begins only once, and does not hide the next.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", lineLimit)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"inside": long + "needle\n", "next": long + "needless\nneedle\n", "last": "a\n" + long + "\nneedle", "none": long + long,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := machine.New(machine.Options{})
	defer m.Close()
	args := values.MapOf("paths", values.String(dir), "contains", values.String("needle$"))
	reply := modules.Perform(t.Context(), Spec, modules.Call{Module: "find", Args: args}, m)
	if matched, _ := reply.Data.Get("matched"); values.Text(matched) != "2" {
		t.Errorf("found %s files, want next and last: %s", values.Text(matched), reply.Msg)
	}
}
