package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

// retryFile writes the hosts that a run left failed or unreachable into a file, as Ansible
// does where retry_files_enabled says so. The file lies beside the playbook, or in dir.
type retryFile struct {
	dir      string
	out      io.Writer
	warn     warning
	playbook string
}

// Record waits for the end of the run; it stands before the console, whose recap follows.
func (r *retryFile) Record(record executor.Record) {
	switch e := record.Event.(type) {
	case executor.PlaybookStarted:
		r.playbook = e.File
	case executor.RunEnded:
		r.write(e.Stats)
	}
}

func (r *retryFile) write(hosts []executor.HostStats) {
	text := ""
	for _, h := range hosts {
		if h.Failed+h.Unreachable > 0 {
			text += h.Host + "\n"
		}
	}
	if text == "" || r.playbook == "" {
		return
	}
	dir := r.dir
	if dir == "" {
		dir = filepath.Dir(r.playbook)
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	name := strings.TrimSuffix(filepath.Base(r.playbook), filepath.Ext(r.playbook)) + ".retry"
	file := filepath.Join(dir, name)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o644)
	}
	if err != nil {
		r.warn(values.Position{}, fmt.Sprintf("the retry file could not be written: %v", err))
		return
	}
	fmt.Fprintf(r.out, "\tto retry, use: --limit @%s\n", file)
}
