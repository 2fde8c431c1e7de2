package runlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/gdeploy/gdeploy/executor"
)

// The files in a run's directory by which it is asked, and answered from another shell.
const (
	questionFile = "question.json"
	answerFile   = "answer.json"
)

// answerEvery is how often a waiting run looks for its answer.
const answerEvery = 200 * time.Millisecond

// Answer makes the question known in the run's directory, and waits for the answer that
// Reply puts there.
func (r *Run) Answer(ctx context.Context, q executor.Question) (executor.Answer, error) {
	close, err := r.ask(q)
	if err != nil {
		return executor.Answer{}, err
	}
	defer close()
	for {
		var a executor.Answer
		err := readJSON(filepath.Join(r.dir, answerFile), &a)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return a, err
		}
		select {
		case <-ctx.Done():
			return a, ctx.Err()
		case <-time.After(answerEvery):
		}
	}
}

// ask writes the question, and holds a lock on it for as long as it waits: one whose run
// died is so told from one that waits.
func (r *Run) ask(q executor.Question) (close func(), err error) {
	name := filepath.Join(r.dir, questionFile)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_EX), json.NewEncoder(f).Encode(q)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		_ = os.Remove(name)
		_ = os.Remove(filepath.Join(r.dir, answerFile))
		_ = f.Close()
	}, nil
}

func readJSON(name string, to any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// Waiting gives the questions of the runs in dir that wait for an answer, the oldest run
// first.
func Waiting(dir string) ([]executor.Question, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*", questionFile))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []executor.Question
	for _, name := range names {
		var q executor.Question
		if waits(name) && readJSON(name, &q) == nil {
			all = append(all, q)
		}
	}
	return all, nil
}

// waits reports that the run which asked is still there.
func waits(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}

// Reply answers the run that asked the question. Only the first answer counts.
func Reply(dir string, q executor.Question, a executor.Answer) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	name := filepath.Join(dir, q.Run, answerFile)
	draft := fmt.Sprintf("%s.%d", name, os.Getpid())
	defer os.Remove(draft)
	if err := os.WriteFile(draft, text, 0o600); err != nil {
		return fmt.Errorf("answer run %s: %w", q.Run, err)
	}
	err = os.Link(draft, name) // fails where there is one, unlike rename
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("run %s was answered by somebody else just now", q.Run)
	}
	return err
}
