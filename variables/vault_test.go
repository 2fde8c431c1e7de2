package variables

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
	"github.com/gdeploy/gdeploy/vault"
)

// TestEncrypted: encrypted values and files open when they are used, are secret, and
// are no templates.
func TestEncrypted(t *testing.T) {
	dir := t.TempDir()
	k := &vault.Keyring{}
	k.Add("", vault.Text("pw"))
	seal := func(text string) []byte {
		out, err := vault.Seal([]byte(text), "pw", "")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, text := range map[string]string{"vars.yml": "from_file: [a, b]\n", "note": "x {{ 1 }}\n", "t.j2": "n={{ n }}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), seal(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vars := values.NewMap(4)
	for name, text := range map[string]string{"s": "x {{ 1 + 1 }}", "l": "[1, 2]", "n": "5"} {
		vars.Set(name, values.FromObject(&yaml.Encrypted{Text: string(seal(text))}))
	}
	play := &playbooks.Play{File: filepath.Join(dir, "site.yml"), Keywords: playbooks.Keywords{Vars: vars}, VarsFiles: []values.Value{values.String("vars.yml")}}
	sc := NewStore(Options{Vault: k, PlaybookDir: dir}).Scope(Context{Host: "h1", Play: play})
	for template, want := range map[string]string{
		"{{ s }}!": "x {{ 1 + 1 }}!", "{{ s | length }}": "13", "{{ l }}": "[1, 2]", "{{ n }}": "5", "{{ s | upper }}": "X {{ 1 + 1 }}",
		"{{ from_file | join }}": "ab", "{{ lookup('file', 'note') }}": "x {{ 1 }}", "{{ lookup('template', 't.j2') }}": "n=5\n",
	} {
		v, err := sc.Render(values.String(template))
		if err != nil || values.Text(v) != want || !v.Secret() && template != "{{ s | length }}" {
			t.Errorf("%s: got %s, secret %v, %v, want %s", template, values.Text(v), v.Secret(), err, want)
		}
	}
	ok, _, err := sc.Condition([]values.Value{values.String("n == '5'")})
	if !ok || err != nil {
		t.Error(ok, err)
	}
}
