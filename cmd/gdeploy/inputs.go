package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/runlog"
)

// inputs are what a run was made of: the files that were read, by their sums, and the
// variables of the environment that lookups asked for. A run that goes on is refused where
// a file is another one, and gets the environment that it had.
type inputs struct {
	mu    sync.Mutex
	files map[string]input
	env   map[string]string
	run   *runlog.Run // nil until the run begins
}

// input is one file in the run's journal.
type input struct {
	Sum string `json:"sum"`
	// Loaded says that it was read before the run began, as it is whenever the run goes on.
	Loaded bool `json:"loaded"`
	// Sent says that it is content for hosts, which nobody changed while the run went on.
	Sent bool `json:"sent,omitempty"`
}

const (
	keepInput = "input "
	keepEnv   = "env "
)

func newInputs() *inputs { return &inputs{files: map[string]input{}, env: map[string]string{}} }

// told takes note of a file that was read.
func (in *inputs) told(path string, content []byte) {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	sum := sha256.Sum256(content)
	one := input{Sum: hex.EncodeToString(sum[:]), Loaded: in.run == nil}
	if before, known := in.files[path]; known && before.Sum == one.Sum {
		return
	}
	in.files[path] = one
	in.keep(keepInput+path, one)
}

// sent takes note of a file whose content goes to hosts, unless it was made after began: then
// it may be the run's own work.
func (in *inputs) sent(began time.Time) func(path, sha256 string, modified time.Time) {
	return func(path, sha256 string, modified time.Time) {
		if whole, err := filepath.Abs(path); err == nil {
			path = whole
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		if _, known := in.files[path]; known || !modified.Before(began) {
			return
		}
		one := input{Sum: sha256, Sent: true}
		in.files[path] = one
		in.keep(keepInput+path, one)
	}
}

// toldFile takes note of a file that somebody else reads.
func (in *inputs) toldFile(path string) {
	if content, err := os.ReadFile(path); err == nil {
		in.told(path, content)
	}
}

// getenv reads the environment as it was when the run began.
func (in *inputs) getenv(name string) string {
	in.mu.Lock()
	defer in.mu.Unlock()
	value, known := in.env[name]
	if !known {
		value = os.Getenv(name)
		in.env[name] = value
		in.keep(keepEnv+name, value)
	}
	return value
}

func (in *inputs) keep(key string, fact any) {
	if in.run != nil {
		_ = in.run.Keep(key, fact) // the executor tells where the journal cannot be written
	}
}

// begin hands what was noted so far to the run's journal, and all that comes.
func (in *inputs) begin(run *runlog.Run) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.run = run
	for path, one := range in.files {
		in.keep(keepInput+path, one)
	}
	for name, value := range in.env {
		in.keep(keepEnv+name, value)
	}
}

// goOn has lookups find the environment that the run had.
func (in *inputs) goOn(run *runlog.Run) {
	for name, fact := range run.Facts(keepEnv) {
		var value string
		if json.Unmarshal(fact, &value) == nil {
			in.env[name] = value
		}
	}
}

// lastWork is how long what a run had begun may go on after its death, and write files.
const lastWork = 45 * time.Second

// changed names the files that are not what they were when the run read them. Those that
// were read while it ran count as far as they belong to the playbooks: others may be its
// own work. What it sent counts where it was changed when nothing of the run was left.
func (in *inputs) changed(run *runlog.Run, homes []string) []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	var list []string
	before := run.Facts(keepInput)
	for path, fact := range before {
		var was input
		if json.Unmarshal(fact, &was) != nil {
			continue
		}
		if was.Sent {
			if below(path, homes) && changedAfter(path, run.Died().Add(lastWork)) && sumOf(path) != was.Sum {
				list = append(list, asWritten(path)+" (was sent to hosts as it was before)")
			}
			continue
		}
		now, read := in.files[path]
		if !read && (!was.Loaded && below(path, homes) || was.Loaded && exists(path)) {
			now.Sum = sumOf(path)
		}
		switch {
		case !was.Loaded && !below(path, homes):
		case now.Sum == "":
			list = append(list, asWritten(path)+" (is gone)")
		case now.Sum != was.Sum:
			list = append(list, asWritten(path))
		}
	}
	for path := range in.files {
		if _, known := before[path]; !known {
			list = append(list, asWritten(path)+" (is new)")
		}
	}
	slices.Sort(list)
	return list
}

// asWritten is a path as it is written in the working directory.
func asWritten(path string) string {
	return strings.TrimPrefix(path, workingDir()+"/")
}

func sumOf(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// changedAfter reports that a file is there and was written to after a time.
func changedAfter(path string, t time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && info.ModTime().After(t)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// below reports that a file lies in one of some directories.
func below(path string, homes []string) bool {
	path, err := filepath.Abs(path)
	return err == nil && slices.ContainsFunc(homes, func(home string) bool {
		home, err := filepath.Abs(home)
		return err == nil && strings.HasPrefix(path, home+"/")
	})
}

// refuseChanged is why a run does not go on whose files were changed.
func refuseChanged(id string, files []string) error {
	return fmt.Errorf("run %s cannot go on as it began, since these were changed:\n  %s\nput them back, or go on with what they are now: --force", id, strings.Join(files, "\n  "))
}
