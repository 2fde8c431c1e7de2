package runlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gdeploy/gdeploy/executor"
)

// The files by which a run is asked, and answered from another shell. They lie in a
// directory of the run beside the log of all deployers, where those may answer who may write
// to that log; else in the run's own, where that is its starter alone.
const (
	questionFile = "question.json"
	answerFile   = "answer.json"
)

// answerEvery is how often a waiting run looks for its answer.
const answerEvery = 200 * time.Millisecond

// Waiting is a run that waits for an answer.
type Waiting struct {
	executor.Question
	// Who started it.
	Who string `json:"who"`

	dir string
}

// Answer makes the question known to other shells, and waits for the answer that Reply gives.
func (r *Run) Answer(ctx context.Context, q executor.Question) (executor.Answer, error) {
	dir, close, err := r.ask(q)
	if err != nil {
		return executor.Answer{}, err
	}
	defer close()
	for {
		a, err := readAnswer(filepath.Join(dir, answerFile))
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
func (r *Run) ask(q executor.Question) (dir string, close func(), err error) {
	dir, mode := r.dir, fs.FileMode(0o600)
	if common, ok := makeCommonPlace(r.shared, r.meta.ID); ok {
		dir, mode = common, 0o640
	}
	name := filepath.Join(dir, questionFile)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_TRUNC|syscall.O_NOFOLLOW, mode)
	if err != nil {
		return "", nil, err
	}
	asked := Waiting{Question: q, Who: r.meta.Who}
	if err := errors.Join(f.Chmod(mode), syscall.Flock(int(f.Fd()), syscall.LOCK_EX), json.NewEncoder(f).Encode(asked)); err != nil {
		return "", nil, errors.Join(err, f.Close())
	}
	return dir, func() {
		_ = os.Remove(name)
		_ = os.Remove(filepath.Join(dir, answerFile))
		if dir != r.dir {
			_ = os.RemoveAll(dir)
		}
		_ = f.Close()
	}, nil
}

// commonPlace is where runs ask that all deployers may answer; empty without a shared log.
func commonPlace(shared string) string {
	if shared == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(shared), "waiting")
}

// makeCommonPlace makes a run's directory there, to which those may write who may write to
// the directory of the shared log. It is the starter's: others can add to it and remove nothing.
func makeCommonPlace(shared, id string) (dir string, ok bool) {
	place := commonPlace(shared)
	if place == "" {
		return "", false
	}
	log, err := os.Stat(filepath.Dir(place))
	if err != nil || !mayWriteWith(log) {
		return "", false
	}
	dir = filepath.Join(place, id)
	if !makeLike(place, log) || !makeLike(dir, log) || ownerOf(dir) != os.Geteuid() {
		return "", false
	}
	clearOld(place)
	return dir, true
}

// mayWriteWith reports that what members of the directory's group write can be read here.
func mayWriteWith(log fs.FileInfo) bool {
	gid := int(log.Sys().(*syscall.Stat_t).Gid)
	groups, _ := os.Getgroups()
	return os.Geteuid() == 0 || os.Getegid() == gid || slices.Contains(groups, gid)
}

// makeLike makes a directory of the group that another one has, to which that may write if
// it may there.
func makeLike(dir string, log fs.FileInfo) bool {
	if err := os.Mkdir(dir, 0o700); err != nil {
		info, err := os.Lstat(dir)
		return err == nil && info.IsDir()
	}
	mode := fs.ModeSetgid | fs.ModeSticky | 0o700 | log.Mode().Perm()&0o070
	return errors.Join(os.Chown(dir, -1, int(log.Sys().(*syscall.Stat_t).Gid)), os.Chmod(dir, mode)) == nil
}

func ownerOf(name string) int {
	info, err := os.Lstat(name)
	if err != nil {
		return -1
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

// keepQuestions is how long the question of a run that died stays in the common place.
const keepQuestions = 24 * time.Hour

// clearOld removes the caller's questions from there that nobody waits for any more.
func clearOld(place string) {
	runs, _ := os.ReadDir(place)
	for _, d := range runs {
		dir := filepath.Join(place, d.Name())
		info, err := d.Info()
		if err == nil && time.Since(info.ModTime()) > keepQuestions && ownerOf(dir) == os.Geteuid() && !waits(filepath.Join(dir, questionFile)) {
			_ = os.RemoveAll(dir)
		}
	}
}

// readAnswer reads an answer, and names who gave it by whose file it is: only root may say
// that it was somebody else, as sudo does.
func readAnswer(name string) (a executor.Answer, err error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return a, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return a, err
	}
	if !info.Mode().IsRegular() {
		return a, fmt.Errorf("%s is no file", name)
	}
	if err := json.NewDecoder(io.LimitReader(f, 64<<10)).Decode(&a); err != nil {
		return a, fmt.Errorf("read the answer %s: %w", name, err)
	}
	a.Who = whoseFile(info, a.Who)
	return a, nil
}

func whoseFile(info fs.FileInfo, said string) string {
	uid := int(info.Sys().(*syscall.Stat_t).Uid)
	if uid == 0 || uid == os.Geteuid() {
		return said
	}
	name := strconv.Itoa(uid)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	_, machine, _ := strings.Cut(said, "@")
	return name + "@" + machine
}

// FindWaiting gives the runs that wait for an answer and that the caller may answer, the
// oldest first: those in dir, and of all deployers those that share the log shared.
func FindWaiting(dir, shared string) ([]Waiting, error) {
	var all []Waiting
	for _, place := range []string{dir, commonPlace(shared)} {
		runs, err := os.ReadDir(place)
		if errors.Is(err, fs.ErrPermission) && place != dir {
			return all, fmt.Errorf("see which runs of others wait: %w: who may answer them is root, and who is in the group that owns %s", err, filepath.Dir(place))
		}
		for _, d := range runs {
			if w, ok := readQuestion(filepath.Join(place, d.Name())); ok {
				all = append(all, w)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Waiting) int { return strings.Compare(a.Run, b.Run) })
	return all, nil
}

func readQuestion(dir string) (w Waiting, ok bool) {
	name := filepath.Join(dir, questionFile)
	if !waits(name) {
		return w, false
	}
	text, err := os.ReadFile(name)
	if err != nil || json.Unmarshal(text, &w) != nil || w.Run != filepath.Base(dir) {
		return w, false
	}
	w.dir = dir
	return w, true
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

// Reply answers the run. Only the first answer counts.
func (w Waiting) Reply(a executor.Answer) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	name := filepath.Join(w.dir, answerFile)
	draft := fmt.Sprintf("%s.%d", name, os.Getpid())
	defer os.Remove(draft)
	// The starter reads it by the directory's group, whatever the umask here.
	if err := errors.Join(os.WriteFile(draft, text, 0o600), os.Chmod(draft, 0o640)); err != nil {
		return fmt.Errorf("answer run %s: %w", w.Run, err)
	}
	err = os.Link(draft, name) // fails where there is one, unlike rename
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("run %s was answered by somebody else just now", w.Run)
	}
	return err
}
