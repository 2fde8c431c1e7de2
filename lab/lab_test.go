package lab

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestOptionsBecomeArguments(t *testing.T) {
	for _, c := range []struct {
		options Options
		want    string
	}{
		{Options{}, "-n 10"},
		{Options{Hosts: 3, Fresh: true}, "-n 3 --fresh"},
		{Options{Python: true}, "-n 10 --with python"},
	} {
		if got := strings.Join(c.options.withDefaults().arguments(), " "); got != c.want {
			t.Errorf("%+v becomes %q, want %q", c.options, got, c.want)
		}
	}
}

func TestWhereNoLabCanBeTheErrorSaysWhatIsNeeded(t *testing.T) {
	for _, c := range []struct {
		system string
		uid    int
		want   string
	}{{"darwin", 0, "needs Linux"}, {"linux", 1000, "needs root"}, {"linux", 0, ""}} {
		err := possible(c.system, c.uid)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, uid %d: %v, want %q", c.system, c.uid, err, c.want)
		}
	}
}

func TestACommandRunsInTheLabsShell(t *testing.T) {
	l := &Lab{Name: "test", script: "/repo/lab/lab"}
	l.learn("GDEPLOY_LAB=test\nGDEPLOY_PRIVATE_KEY_FILE=/state/key\nGDEPLOY_KNOWN_HOSTS=/state/known_hosts\n")
	got := l.Command(t.Context(), "gdeploy", "play", "deploy.yml").Args
	want := []string{"/repo/lab/lab", "--name", "test", "shell", "--", "gdeploy", "play", "deploy.yml"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if l.PrivateKeyFile != "/state/key" || l.KnownHosts != "/state/known_hosts" {
		t.Errorf("learnt %+v", l)
	}
}

func TestTheScriptIsFoundFromBelow(t *testing.T) {
	t.Chdir("requester")
	script, err := findScript()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(script); err != nil || info.Mode().Perm()&0o111 == 0 {
		t.Errorf("%s: %v, %v", script, info, err)
	}
	t.Chdir("/")
	if _, err := findScript(); err == nil {
		t.Error("found a script outside the repository")
	}
}
