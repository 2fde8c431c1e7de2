package variables

import (
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/values"
)

// TestRefusedNames: what does not exist says what to use, and what comes from outside is
// not evaluated as a path.
func TestRefusedNames(t *testing.T) {
	s := NewStore(Options{Forks: 7, Settings: map[string]values.Value{"DEFAULT_ROLES_PATH": values.Strings("/r")}, Getenv: func(string) string { return "" }})
	s.Register("h1", "result", values.MapOf("path", values.String("a")).MarkUnsafe())
	sc := s.Scope(Context{Host: "h1"})
	for template, want := range map[string]string{
		"{{ 'x' | jc('ls') }}":                                 `there is no filter "jc": ask the program for JSON`,
		"{{ 'x' | community.general.jc('ls') }}":               "ask the program for JSON",
		"{{ 'x' is ansible.utils.resolvable }}":                "getent hosts",
		"{{ lookup('community.general.dig', 'x') }}":           "dig +short",
		"{{ {'a': 1} | ansible.utils.get_path(result.path) }}": "came from outside",
		"{{ lookup('config', 'NOPE') }}":                       "Unable to find setting NOPE",
		"{{ lookup('config', 'X', on_missing='never') }}":      "on_missing",
		"{{ lookup('config', 'X', plugin_type='cache') }}":     "Both plugin_type and plugin_name are required",
	} {
		if _, err := sc.Render(values.String(template)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", template, err, want)
		}
	}
	got := look(t, sc, "{{ query('config', 'DEFAULT_FORKS', 'DEFAULT_HASH_BEHAVIOUR', 'DEFAULT_ROLES_PATH', 'NOPE', on_missing='skip') }}")
	if got != "[7, 'replace', ['/r']]" {
		t.Error(got)
	}
}
