package runlog

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/executor"
)

const lineTime = "2006-01-02T15:04:05Z"

// line is a switch in the shared log: time, run, person, app, from -> to, host.
func (s Switch) line(m Meta) string {
	verb := "switch"
	if s.Undo {
		verb = "switch-back"
	}
	return fmt.Sprintf("%s run=%s who=%s %s app=%s %s -> %s revision=%s host=%s",
		s.Time.UTC().Format(lineTime), m.ID, m.Who, verb, s.App, orNothing(s.From), orNothing(s.To), short(s.Revision), s.Host)
}

// short is a revision as people write it.
func short(revision string) string {
	if revision == "" {
		return "-"
	}
	return revision[:min(len(revision), 12)]
}

func orNothing(version string) string {
	if version == "" {
		return "nothing"
	}
	return version
}

// line is a run in the shared log.
func (m Meta) line() string {
	app, from, to, revision, hosts := m.movement()
	line := fmt.Sprintf("%s run=%s who=%s %s app=%s %s -> %s revision=%s hosts=%s result=%q duration=%s",
		m.Started.UTC().Format(lineTime), m.ID, m.Who, strings.Join(m.verbs(), "+"), app, from, to, revision, hosts,
		m.Result(), m.Ended.Sub(m.Started).Round(100*time.Millisecond))
	if m.Why != "" {
		line += fmt.Sprintf(" reason=%q", m.Why)
	}
	if m.Override != "" {
		line += fmt.Sprintf(" override=%q", m.Override)
	}
	return line
}

// verbs are the playbooks without directory and ending: deploy, rollback.
func (m Meta) verbs() []string {
	verbs := make([]string, len(m.Playbooks))
	for i, p := range m.Playbooks {
		verbs[i] = strings.TrimSuffix(filepath.Base(p), filepath.Ext(p))
		if m.Check {
			verbs[i] += "(dry-run)"
		}
	}
	return verbs
}

// movement sums the switches up: where hosts came from, where they went, and which.
func (m Meta) movement() (app, from, to, revision, hosts string) {
	var apps, froms, tos, revisions, names []string
	add := func(list *[]string, s string) {
		if s != "" && !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for _, s := range m.Switches {
		if s.Undo {
			continue
		}
		add(&apps, s.App)
		add(&froms, orNothing(s.From))
		add(&tos, orNothing(s.To))
		add(&revisions, short(s.Revision))
		add(&names, s.Host)
	}
	if len(apps) == 0 {
		add(&apps, m.App)
	}
	return orDash(apps), orDash(froms), orDash(tos), orDash(revisions), orDash(names)
}

func orDash(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ",")
}

// Result says in words how the run ended.
func (m Meta) Result() string {
	if m.Outcome == nil {
		return "going on, or the controller died"
	}
	return Words(*m.Outcome)
}

// Words says how a run ended.
func Words(o executor.Outcome) string {
	switch {
	case o.Locked:
		return "refused: " + o.Reason
	case o.Open:
		return "interrupted before all was taken back"
	case o.Suspended:
		return "stopped before a command of which nobody knows whether it was run"
	case o.UndoFailed:
		return "failed, not all could be taken back"
	case o.Interrupted && o.Undone:
		return "interrupted and taken back"
	case o.Undone && o.Reason == executor.TurnedBack:
		return "taken back after its controller died"
	case o.Undone:
		return "failed and taken back"
	case o.Interrupted:
		return "interrupted"
	case o.Unreachable > 0:
		return fmt.Sprintf("%d unreachable, %d failed", o.Unreachable, o.Failed)
	case o.Failed > 0:
		return fmt.Sprintf("%d failed", o.Failed)
	case o != (executor.Outcome{}):
		return o.Reason
	}
	return "ok"
}

func (r *Run) shareRun() {
	slices.SortStableFunc(r.meta.Switches, func(a, b Switch) int {
		return slices.Index(r.order, a.Host) - slices.Index(r.order, b.Host)
	})
	r.share(r.meta.line())
}

// share appends a line to the log of all deployers. One write keeps lines of different
// deployers apart. A directory that does not exist means that nobody wants the log.
func (r *Run) share(line string) {
	if r.shared == "" {
		return
	}
	err := appendLine(r.shared, strings.ReplaceAll(line, "\n", " ")+"\n")
	if err != nil && !errors.Is(err, fs.ErrNotExist) && r.unshared == nil {
		r.unshared = fmt.Errorf("write the log of all deployers: %w", err)
	}
}

// Unshared is why the log of all deployers lacks lines of this run; nil where it has all.
// It is no failure of the run.
func (r *Run) Unshared() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unshared
}

// appendLine makes a missing file so that the group of its directory can write to it too,
// whatever the umask.
func appendLine(name, line string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o664)
	switch {
	case err == nil:
		err = f.Chmod(0o664)
	case errors.Is(err, fs.ErrExist):
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	}
	if f == nil {
		return err
	}
	_, writing := f.WriteString(line)
	return errors.Join(err, writing, f.Close())
}

// Wanted says which lines of the shared log to show.
type Wanted struct {
	// App picks those about one application; empty is all.
	App string
	// Hosts shows the lines of single hosts too, not only those of runs.
	Hosts bool
	// Lines is how many, the newest ones.
	Lines int
}

func (w Wanted) takes(line string) bool {
	return (w.Hosts || !strings.Contains(line, " host=")) && (w.App == "" || strings.Contains(line, " app="+w.App+" "))
}

// longest is how long a line may be: it names the hosts of a run.
const longest = 16 << 20

// History gives the last lines of the shared log, oldest first. A missing log is empty.
func History(shared string, w Wanted) ([]string, error) {
	f, err := os.Open(shared)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the log of all deployers: %w", err)
	}
	defer f.Close()
	var list []string
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, longest)
	for scan.Scan() {
		if w.takes(scan.Text()) {
			list = append(list, scan.Text())
		}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("read the log of all deployers: %s: %w", shared, err)
	}
	return list[max(0, len(list)-w.Lines):], nil
}
