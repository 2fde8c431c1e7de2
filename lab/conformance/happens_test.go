//go:build lab

package conformance

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/lab"
	"github.com/gdeploy/gdeploy/report/compare"
)

// program is what runs a case: its name in PATH, and its settings for a lab.
type program struct {
	name     []string
	settings func(l *lab.Lab, home string) []string
}

var gdeploy = program{[]string{"gdeploy", "play"}, func(_ *lab.Lab, home string) []string {
	return []string{"GDEPLOY_LOG_FILE=" + filepath.Join(home, "gdeploy.log")}
}}

var ansible = program{[]string{"ansible-playbook"}, func(l *lab.Lab, home string) []string {
	return []string{
		"ANSIBLE_PRIVATE_KEY_FILE=" + l.PrivateKeyFile,
		"ANSIBLE_SSH_ARGS=-F /dev/null -o ControlMaster=auto -o ControlPersist=20s -o UserKnownHostsFile=" + l.KnownHosts,
		"ANSIBLE_SSH_CONTROL_PATH_DIR=" + filepath.Join(home, "cp"),
		"ANSIBLE_PIPELINING=1",
		"ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3",
		"ANSIBLE_LOCALHOST_WARNING=0",
		"ANSIBLE_COLLECTIONS_PATH=" + os.Getenv("ANSIBLE_COLLECTIONS_PATH"),
		"PYTHONPATH=" + os.Getenv("PYTHONPATH"),
	}
}}

// runs are the commands of a case that has no file run: what would change, the change, and nothing more to do.
const runs = "-C -D\n-D\n-D\n"

// notLaidOut are the files of a case that are none of the playbook's.
var notLaidOut = []string{"run", "prepare", "before", "after", "ours", "expected"}

// happens runs a case and tells what the program said of it, and what is left on the host.
func (c testCase) happens(t *testing.T, l *lab.Lab, p program) string {
	work, home := c.layOut(t)
	node := fmt.Sprintf("n%d", c.host()+1)
	if script, ok := c.part("before"); ok {
		onHost(t, l, node, script)
	}
	environment := append([]string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "XDG_STATE_HOME=" + home + "/state",
		"XDG_CACHE_HOME=" + home + "/cache", "XDG_CONFIG_HOME=" + home + "/config", "GIT_CONFIG_NOSYSTEM=1"}, p.settings(l, home)...)
	if script, ok := c.part("prepare"); ok {
		prepare := exec.CommandContext(t.Context(), "sh", "-euc", script)
		prepare.Dir, prepare.Env = work, environment
		if out, err := prepare.CombinedOutput(); err != nil {
			t.Fatalf("prepare: %v: %s", err, out)
		}
	}
	lines, ok := c.part("run")
	if !ok {
		lines = runs
	}
	reading := reading
	reading.Hidden = append(reading.Hidden, c.varying()...)
	var told strings.Builder
	for line := range strings.Lines(lines) { // an empty one is a run without options
		args := slices.Concat(p.name[1:], []string{"-i", "hosts", "site.yml", "-v"}, strings.Fields(line))
		cmd := l.Command(t.Context(), p.name[0], args...)
		cmd.Dir, cmd.Env = work, environment
		stdout, code := run(t, cmd, home)
		console := strings.NewReplacer(work, "$WORK", home, "$HOME", address(node), "$NODE").Replace(stdout)
		fmt.Fprintf(&told, "$ play %s\n%sexit %d\n", strings.TrimSpace(line), reading.Events(console), code)
	}
	if script, ok := c.part("after"); ok {
		told.WriteString("left on the host\n" + strings.TrimRight(onHost(t, l, node, script), "\n") + "\n")
	}
	return steady(told.String())
}

// varying are the keys that the case's comment says to be different each time, in a line "varies: KEY ...".
func (c testCase) varying() []string {
	for line := range strings.Lines(string(c.archive.Comment)) {
		if keys, ok := strings.CutPrefix(line, "varies: "); ok {
			return strings.Fields(keys)
		}
	}
	return nil
}

// run gives what a command printed, and its exit code. It prints to files: a pipe would be held open by the ssh that Ansible leaves
// behind for its next connection.
func run(t *testing.T, cmd *exec.Cmd, home string) (string, int) {
	stdout, stderr := filepath.Join(home, "stdout"), filepath.Join(home, "stderr")
	for name, to := range map[string]*io.Writer{stdout: &cmd.Stdout, stderr: &cmd.Stderr} {
		file, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		*to = file
	}
	code, err := compare.ExitCode(cmd.Run())
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(stdout)
	if err != nil {
		t.Fatal(err)
	}
	warned, _ := os.ReadFile(stderr)
	t.Logf("%s\n%s", strings.Join(cmd.Args, " "), warned)
	return string(out), code
}

// reading keeps all keys of results, one in a line, but not the values of those that depend on the moment.
var reading = compare.Reading{Hidden: []string{"start", "end", "delta", "atime", "mtime", "ctime", "inode", "dev", "ansible_job_id", "status", "cache_update_time", "backup", "backup_file"},
	Left: []string{"deprecations", "validate_certs", "extract_results", "exception", "invocation"}, Indent: " "}

// momentary are things in texts that are not the same twice, and what stands for them.
var momentary = []struct {
	is    *regexp.Regexp
	shown string
}{
	{regexp.MustCompile(`(/[\w.$/-]*)?/\.ansible/tmp/ansible-tmp-[\d.-]+/`), "(tmp)/"},
	{regexp.MustCompile(`\|1\|[\w+/=]+\|[\w+/=]+ `), "|1|(hash) "},
	{regexp.MustCompile(`\(tmp\)/(source|\.source)[\w.]*`), "(tmp)/source"},
	{regexp.MustCompile(`\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~`), ".(backup)~"},
}

func steady(text string) string {
	for _, m := range momentary {
		text = m.is.ReplaceAllString(text, m.shown)
	}
	return text
}

func address(node string) string { return "192.168.56.1" + strings.TrimPrefix(node, "n") }

// onHost runs a script of the case as root on the host.
func onHost(t *testing.T, l *lab.Lab, node, script string) string {
	out, err := l.Exec(context.WithoutCancel(t.Context()), node, "sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// layOut writes the case's files into a directory of its own, and gives that and a home.
func (c testCase) layOut(t *testing.T) (work, home string) {
	top, err := os.MkdirTemp("", "cf") // a socket's path, which is below it, must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	work, home = filepath.Join(top, "work"), filepath.Join(top, "home")
	hosts := fmt.Sprintf("node ansible_host=192.168.56.1%d ansible_user=root\n", c.host()+1)
	files := append([]txtar.File{{Name: "hosts", Data: []byte(hosts)}}, c.archive.Files...)
	if err := compare.LayOut(work, files, notLaidOut...); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	return work, home
}
