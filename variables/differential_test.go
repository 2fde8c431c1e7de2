package variables

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// differentialCase is a template and what ansible-core 2.14 makes of it: its value as
// Python's repr, or its error.
type differentialCase struct {
	// Kind is template, native (with JINJA2_NATIVE) or when (a bare expression).
	Kind string `json:"kind"`
	Src  string `json:"src"`
	Want string `json:"want,omitempty"`
	Err  string `json:"err,omitempty"`
}

// TestDifferential renders templates that were made by testdata/differential/grammar.txt
// and compares with what Ansible made of them. `make templates` makes them anew.
func TestDifferential(t *testing.T) { compareFile(t, "testdata/differential/cases.jsonl") }

// TestAsked does the same with templates that somebody thought of, in asked.txt.
func TestAsked(t *testing.T) { compareFile(t, "testdata/differential/asked.jsonl") }

func compareFile(t *testing.T, name string) {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	play := differentialPlay(t)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c differentialCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if diff := c.compare(play); diff != "" {
			t.Errorf("%s: %s\n%s", c.Kind, c.Src, diff)
		}
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
}

func differentialPlay(t testing.TB) *playbooks.Play {
	t.Helper()
	src, err := os.ReadFile("testdata/differential/vars.yml")
	if err != nil {
		t.Fatal(err)
	}
	return &playbooks.Play{Keywords: playbooks.Keywords{Vars: parseMap(t, string(src))}}
}

// compare says how gdeploy differs; empty where it does not.
func (c differentialCase) compare(play *playbooks.Play) string {
	got, err := c.run(play)
	if c.Err != "" {
		return c.compareError(got, err)
	}
	if err != nil {
		return " got the error " + err.Error() + "\nwant " + c.Want
	}
	if got != c.Want {
		return " got " + got + "\nwant " + c.Want
	}
	return ""
}

// compareError compares that there is an error, and what it says where that is about
// something undefined.
func (c differentialCase) compareError(got string, err error) string {
	kind, msg, _ := strings.Cut(c.Err, ": ")
	if err == nil {
		return " got " + got + "\nwant the error " + c.Err
	}
	if kind == "AnsibleUndefinedVariable" && !strings.HasPrefix(msg, "Unable to look up") && !strings.Contains(err.Error(), said(msg)) {
		return " got the error " + err.Error() + "\nwant " + c.Err
	}
	return ""
}

func (c differentialCase) run(play *playbooks.Play) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	sc := NewStore(Options{PlaybookDir: ".", Native: c.Kind == "native"}).Scope(Context{Ctx: ctx, Host: "h1", Play: play})
	if c.Kind == "when" {
		ok, _, err := sc.Condition([]values.Value{values.String(c.Src)})
		return values.Repr(values.Bool(ok)), err
	}
	v, err := sc.Render(values.String(c.Src))
	return values.Repr(v), err
}

// said is what a message of Ansible says without saying it twice, as it does.
func said(msg string) string {
	for _, name := range []string{"ansible.parsing.yaml.objects.AnsibleUnicode", "ansible.utils.unsafe_proxy.AnsibleUnsafeText"} {
		msg = strings.ReplaceAll(msg, name, "str")
	}
	msg = strings.ReplaceAll(msg, "datetime.datetime", "datetime")
	for i := strings.LastIndex(msg, ". "); i >= 0; i = strings.LastIndex(msg[:i], ". ") {
		if strings.HasSuffix(msg[:i], msg[i+2:]) {
			msg = msg[:i]
		}
	}
	return msg
}
