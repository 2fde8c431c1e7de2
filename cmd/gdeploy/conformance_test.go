package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/report/compare"
)

var oracle = flag.String("oracle", "", "ask ansible-playbook what conformance cases do: new (those not yet asked) or all")

const conformanceCases = "../../testdata/conformance"

// theirNames tells which program of Ansible's answers for which command of gdeploy's.
var theirNames = map[string]string{
	"play":      "ansible-playbook",
	"run":       "ansible",
	"inventory": "ansible-inventory",
	"vault":     "ansible-vault",
}

// defaultHosts is the inventory of a case that brings none.
const defaultHosts = `[web]
a ansible_connection=local
b ansible_connection=local

[db]
c ansible_connection=local
`

// TestConformance runs small playbooks and compares what happens with what Ansible did.
// testdata/conformance/README.md tells how a case is written.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(conformanceCases, "*", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", conformanceCases, err)
	}
	for _, file := range files {
		topic := filepath.Base(filepath.Dir(file))
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(topic+"/"+name, func(t *testing.T) {
			t.Parallel()
			conform(t, file)
		})
	}
}

func conform(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	expected := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "expected" })
	if *oracle == "all" || *oracle == "new" && expected < 0 {
		ask(t, file, archive, expected)
		return
	}
	if expected < 0 {
		t.Fatalf("%s has no expectation yet: go test ./cmd/gdeploy -run TestConformance -oracle new", file)
	}
	want := string(archive.Files[expected].Data)
	ours := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "ours" })
	if ours >= 0 {
		want = string(archive.Files[ours].Data)
	}
	got := happens(t, archive, func(command string, args []string) *exec.Cmd {
		return exec.Command("gdeploy", append([]string{command}, args...)...)
	})
	if *update && ours >= 0 && want != got {
		archive.Files[ours].Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := udiff.Unified("ansible", "gdeploy", want, compare.OverlookProse(got, want)); diff != "" {
		t.Errorf("%s\n%s", file, diff)
	}
}

// ask stores what Ansible does as the case's expectation.
func ask(t *testing.T, file string, archive *txtar.Archive, expected int) {
	if expected >= 0 {
		archive.Files = slices.Delete(archive.Files, expected, expected+1)
	}
	did := happens(t, archive, func(command string, args []string) *exec.Cmd {
		return exec.Command(theirNames[command], args...)
	})
	archive.Files = append(archive.Files, txtar.File{Name: "expected", Data: []byte(did)})
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// happens runs the commands of a case in a directory of its own and tells what they
// did: events, exit codes and the files that are there afterwards.
func happens(t *testing.T, archive *txtar.Archive, program func(command string, args []string) *exec.Cmd) string {
	work := layOut(t, archive)
	var told strings.Builder
	for _, line := range commands(archive) {
		words := strings.Fields(line)
		cmd := program(words[0], words[1:])
		cmd.Dir = work
		cmd.Env = conformanceEnv(work)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		code, err := compare.ExitCode(cmd.Run())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s\n%s", strings.Join(cmd.Args, " "), stderr.String())
		fmt.Fprintf(&told, "$ %s\n", line)
		reading := compare.Reading{Free: said(archive, "order: free"), Left: varies, Prose: true}
		console := strings.ReplaceAll(stdout.String(), work, "$WORK")
		if strings.HasPrefix(console, "usage: ") {
			console = "" // each program's help is its own
		}
		console = polls.ReplaceAllString(console, "")
		console = jobID.ReplaceAllString(console, "jid=JOB")
		told.WriteString(reading.Events(console))
		fmt.Fprintf(&told, "exit %d\n", code)
	}
	told.WriteString(leftBehind(t, work, archive))
	return sealed.ReplaceAllString(told.String(), "$1$2(sealed)\n")
}

var (
	// polls tell how often somebody looked, which depends on how fast the machine is.
	polls = regexp.MustCompile(`(?m)^(?:ASYNC POLL|FAILED - RETRYING: \[\S+\]: async_status) .*\n`)
	jobID = regexp.MustCompile(`\bjid=(?:j?[0-9.]+|None)`)
)

// sealed is what differs each time that something is encrypted.
var sealed = regexp.MustCompile(`(\$ANSIBLE_VAULT;[^\n]*\n)( *)(?:[0-9a-f]+\n *)*[0-9a-f]+(?:\n|$)`)

func conformanceEnv(work string) []string {
	home := work + ".home"
	return []string{
		"HOME=" + home,
		"PATH=" + os.Getenv("PATH"),
		"LC_ALL=C.UTF-8",
		"XDG_STATE_HOME=" + filepath.Join(home, "state"),
		"XDG_CACHE_HOME=" + filepath.Join(home, "cache"),
		"XDG_CONFIG_HOME=" + filepath.Join(home, "config"),
		"GDEPLOY_LOG_FILE=" + filepath.Join(home, "gdeploy.log"),
		"ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3",
		"PYTHONDONTWRITEBYTECODE=1", // which would be among the files that are left
		"ANSIBLE_PIPELINING=1",
		"ANSIBLE_LOCALHOST_WARNING=0",
		"CASE_HOME=/somewhere",
		"GORACE=" + os.Getenv("GORACE"),
	}
}

// said tells whether the comment of a case has a line of these words.
func said(archive *txtar.Archive, words string) bool {
	return slices.Contains(strings.Split(string(archive.Comment), "\n"), words)
}

// commands are the lines of the case's file "run", else the one command that most need.
func commands(archive *txtar.Archive) []string {
	for _, f := range archive.Files {
		if f.Name == "run" {
			return strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		}
	}
	return []string{"play -i hosts site.yml"}
}

func layOut(t *testing.T, archive *txtar.Archive) string {
	work := filepath.Join(t.TempDir(), "work")
	files := append([]txtar.File{{Name: "hosts", Data: []byte(defaultHosts)}}, archive.Files...)
	if err := compare.LayOut(work, files, "run", "ours", "expected"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(work+".home", 0o755); err != nil {
		t.Fatal(err)
	}
	return work
}

// leftBehind lists the files that the case did not bring, with their modes and contents.
func leftBehind(t *testing.T, work string, archive *txtar.Archive) string {
	brought := map[string]string{"hosts": defaultHosts}
	for _, f := range archive.Files {
		brought[f.Name] = string(f.Data)
	}
	var told strings.Builder
	err := filepath.WalkDir(work, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(work, path)
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			to, _ := os.Readlink(path)
			fmt.Fprintf(&told, "link %s -> %s\n", name, strings.ReplaceAll(to, work, "$WORK"))
			return nil
		}
		data, err := os.ReadFile(path)
		if old, ok := brought[name]; err == nil && (!ok || old != string(data)) {
			text := strings.ReplaceAll(string(data), work, "$WORK")
			fmt.Fprintf(&told, "file %s %04o\n%s\n", name, info.Mode().Perm(), strings.TrimRight(text, "\n"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return told.String()
}

// varies lists the keys of results whose values depend on the moment or the machine.
var varies = []string{
	"start", "end", "delta", "atime", "mtime", "ctime", "inode", "dev", "uid", "gid", "owner", "group",
	"invocation", "exception", "warnings", "deprecations", "ansible_job_id", "results_file", "pid", "md5sum", "src",
}
