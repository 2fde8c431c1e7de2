package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/values"
)

// logOutput has all that the command prints go to the file of the setting log_path too.
func (s *session) logOutput(cmd *cobra.Command) {
	if s.settings.LogPath == "" {
		return
	}
	file, err := os.OpenFile(s.settings.LogPath, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.warn(values.Position{}, fmt.Sprintf("log_path: %v: nothing is logged", err))
		return
	}
	var lock sync.Mutex
	out := &logLines{file: file, lock: &lock, now: time.Now}
	errs := &logLines{file: file, lock: &lock, now: time.Now}
	cmd.SetOut(io.MultiWriter(cmd.OutOrStdout(), out))
	cmd.SetErr(io.MultiWriter(cmd.ErrOrStderr(), errs))
	s.warn = warnTo(cmd.ErrOrStderr(), s.secrets.Text)
}

// logLines writes each whole line with its time, process and user, and without colours. The
// lock is for the two of them that share a file.
type logLines struct {
	file io.Writer
	lock *sync.Mutex
	now  func() time.Time
	rest []byte
}

var colorCodes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Write never fails: a full disk of the log must not end a run.
func (l *logLines) Write(text []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.rest = append(l.rest, text...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		if len(bytes.TrimSpace(line)) > 0 {
			at := l.now().Format("2006-01-02 15:04:05,000")
			fmt.Fprintf(l.file, "%s p=%d u=%s n=gdeploy | %s\n", at, os.Getpid(), userName(), colorCodes.ReplaceAll(line, nil))
		}
		l.rest = bytes.Clone(rest)
	}
}
