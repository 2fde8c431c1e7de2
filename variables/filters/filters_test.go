package filters_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/filters"
)

var env = jinja.New(jinja.Options{Filters: filters.All(), Tests: filters.Tests(), UndefinedFilters: filters.AcceptUndefined()})

func eval(src string, vars jinja.Vars) (values.Value, error) {
	x, err := env.CompileExpression(src, values.Position{File: "f", Line: 1, Col: 1})
	if err != nil {
		return values.Null, err
	}
	return x.Eval(context.Background(), vars)
}

// Most filters are tested against what Ansible gives by the conformance test of package
// jinja; here is what depends on the machine, or on chance.
func TestPathTests(t *testing.T) {
	dir := t.TempDir()
	file, link, broken := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "broken")
	for _, err := range []error{os.WriteFile(file, nil, 0o600), os.Symlink(file, link), os.Symlink("nowhere", broken)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	vars := jinja.Vars{"dir": values.String(dir), "file": values.String(file), "link": values.String(link), "broken": values.String(broken)}
	for _, yes := range []string{
		"dir is directory", "dir is exists", "file is file", "link is file", "link is link", "broken is link_exists", "'/' is mount", "dir is abs",
		"file is same_file(link)", "file is not link", "broken is not exists", "file is not directory", "dir is not mount", "'x' is not abs",
		"link | realpath == file | realpath", "(dir ~ '/*') | fileglob | length == 2", "(dir ~ '/a/../file') | realpath == file | realpath",
	} {
		if v, err := eval(yes, vars); err != nil || !v.Truthy() {
			t.Errorf("%s: got %s %v", yes, values.Repr(v), err)
		}
	}
}

func TestExpand(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	t.Setenv("GDEPLOY_TEST", "v")
	for src, want := range map[string]string{
		"'~' | expanduser": "/home/me", "'~/x' | expanduser": "/home/me/x", "'a~' | expanduser": "a~", "'~no-such-user/x' | expanduser": "~no-such-user/x",
		"'$GDEPLOY_TEST/${GDEPLOY_TEST}' | expandvars": "v/v", "'$NO_SUCH_VARIABLE' | expandvars": "$NO_SUCH_VARIABLE",
	} {
		if v, err := eval(src, nil); err != nil || values.Text(v) != want {
			t.Errorf("%s: got %s %v, want %s", src, values.Text(v), err, want)
		}
	}
}

func TestChanceIsSpread(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		v, err := eval("[1, 2, 3] | shuffle | join ~ 3 | random(1) ~ [7, 8] | random", nil)
		if err != nil {
			t.Fatal(err)
		}
		seen[values.Text(v)] = true
	}
	if len(seen) != 24 {
		t.Errorf("%d of 24 outcomes seen", len(seen))
	}
}

func TestPasswordHashWithoutSaltDiffers(t *testing.T) {
	const src = "'secret' | password_hash('sha256', rounds=1000)"
	a, err := eval(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := eval(src, nil)
	if text := values.Text(a); text == values.Text(b) || !strings.HasPrefix(text, "$5$rounds=1000$") {
		t.Errorf("got %s and %s", text, values.Text(b))
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for src, want := range map[string]string{
		"'a' | hash('sha')":                `f:1:7: unsupported hash type sha: use one of blake2b, blake2s, md5, sha1, sha224, sha256, sha384, sha3_224, sha3_256, sha3_384, sha3_512, sha512, sha512_224, sha512_256`,
		"{} | combine({}, list_merge='x')": `f:1:6: 'list_merge' argument can only be equal to 'replace', 'keep', 'append', 'prepend', 'append_rp' or 'prepend_rp', not "x"`,
		"'x' is changed":                   "f:1:8: the 'changed' test expects a dictionary",
		"1 | from_json":                    "f:1:5: from_json needs text, not int: the value is no text any more",
		"'{' | from_json":                  "f:1:7: not JSON: expected a key in double quotes at line 1 column 2",
		"'a' | regex_replace('(', 'b')":    "is not valid",
		"'a' | password_hash('des')":       `f:1:7: password_hash: the scheme "des" is not supported: use sha512, sha256, bcrypt (blowfish) or md5`,
		"'1.0' is version('2', 'above')":   "f:1:10: Invalid operator type (above). Must be one of ==, =, eq, !=, <>, ne, <, lt, <=, le, >, gt, >=, ge",
		"nope | mandatory":                 "f:1:1: Mandatory variable 'nope'  not defined.",
		"nope | to_json":                   "f:1:1: 'nope' is undefined",
		"[nope] | to_nice_yaml":            "f:1:2: 'nope' is undefined",
	} {
		if _, err := eval(src, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", src, err, want)
		}
	}
}
