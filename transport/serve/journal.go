package serve

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport/wire"
	"github.com/gdeploy/gdeploy/values/record"
)

// Journal writes down which calls of a run started here and how they ended, so that
// resume need not guess. It is a file per run, readable by its owner only, and is not
// synced: it outlives the helper and the connection, not a loss of power, which the
// boot id tells. Of calls that say no_log it keeps no more than how they ended. A journal that cannot be written is no reason to fail a call.
type Journal struct {
	dir   string
	mu    sync.Mutex
	files map[string]*os.File
}

// NewJournal keeps journals in dir, which is made when the first line is written.
func NewJournal(dir string) *Journal { return &Journal{dir: dir, files: map[string]*os.File{}} }

func (j *Journal) start(call modules.Call, bootID string) {
	if j == nil || call.Step == "" {
		return
	}
	entry := wire.JournalEntry{Step: call.Step, Module: call.Module, BootID: bootID}
	if !call.NoLog { // a short secret could be guessed from its sum
		args, err := record.Encode(call.Args)
		if err != nil {
			return
		}
		sum := sha256.Sum256(args)
		entry.Args = hex.EncodeToString(sum[:])
	}
	j.write(call.Run.ID, entry)
}

func (j *Journal) end(call modules.Call, reply modules.Reply) {
	if j == nil || call.Step == "" {
		return
	}
	if call.NoLog {
		reply = statusOf(reply)
	}
	j.write(call.Run.ID, wire.JournalEntry{Step: call.Step, Module: call.Module, Reply: &reply, Withheld: call.NoLog})
}

// statusOf is a reply without what it said.
func statusOf(r modules.Reply) modules.Reply {
	return modules.Reply{Changed: r.Changed, Failed: r.Failed, Skipped: r.Skipped, ErrorKind: r.ErrorKind}
}

func (j *Journal) write(run string, entry wire.JournalEntry) {
	line, err := record.Encode(entry)
	if err != nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	file := j.open(run)
	if file == nil {
		return
	}
	_, _ = file.Write(append(line, '\n'))
}

// open gives the run's file, nil where there can be none; that is remembered.
func (j *Journal) open(run string) *os.File {
	file, known := j.files[run]
	if known || !isFileName(run) {
		return file
	}
	if os.MkdirAll(j.dir, 0o700) == nil {
		file, _ = os.OpenFile(j.path(run), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) // nil where it failed
	}
	if file != nil {
		_ = unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB) // others wait for what runs here
	}
	j.files[run] = file
	j.prune()
	return file
}

func (j *Journal) path(run string) string { return filepath.Join(j.dir, run+".log") }

// prune removes the journals of old runs.
func (j *Journal) prune() {
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && strings.HasSuffix(entry.Name(), ".log") && time.Since(info.ModTime()) > wire.KeepJournals {
			_ = os.Remove(filepath.Join(j.dir, entry.Name()))
		}
	}
}

// Read gives what is known of a run's calls, in the order in which they started; complete is
// false where there may have been others. A line that was cut short is left out.
func (j *Journal) Read(run string) (entries []wire.JournalEntry, complete bool) {
	if j == nil || !isFileName(run) {
		return nil, false
	}
	file, err := os.Open(j.path(run))
	if os.IsNotExist(err) {
		return nil, canMake(j.dir)
	}
	if err != nil {
		return nil, false
	}
	defer file.Close()
	if !j.writes(run) {
		waitForOthers(file, patience)
	}
	return readJournal(file)
}

// canMake reports that files could be written in a directory, once that is made.
func canMake(dir string) bool {
	info, err := os.Stat(dir)
	if os.IsNotExist(err) && dir != filepath.Dir(dir) {
		return canMake(filepath.Dir(dir))
	}
	return err == nil && info.IsDir() && unix.Access(dir, unix.W_OK|unix.X_OK) == nil
}

// patience is how long the calls of a controller that has gone may still run: see finish.
const patience = defaultGrace + lastGrace + 5*time.Second

// writes reports that this helper itself runs calls of the run.
func (j *Journal) writes(run string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.files[run] != nil
}

// waitForOthers returns when no other helper writes a journal any more: when the calls that
// a dead controller left running have ended.
func waitForOthers(file *os.File, most time.Duration) {
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			_ = unix.Flock(int(file.Fd()), unix.LOCK_UN)
			return
		}
	}
}

// readJournal reads the lines of a journal. Where the disk was full it has a line that was cut
// short, or none at all.
func readJournal(r io.Reader) (entries []wire.JournalEntry, complete bool) {
	at := map[string]int{}
	lines := bufio.NewReader(r)
	for complete = true; ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return entries, complete && err == io.EOF && len(line) == 0 && len(entries) > 0
		}
		var entry wire.JournalEntry
		if record.Decode(line, &entry) != nil {
			complete = false
			continue
		}
		i, started := at[entry.Step]
		if entry.Reply == nil || !started {
			at[entry.Step] = len(entries)
			entries = append(entries, entry)
			continue
		}
		entries[i].Reply, entries[i].Withheld = entry.Reply, entry.Withheld
	}
}

func isFileName(run string) bool {
	return run != "" && len(run) < 200 && run[0] != '.' && !strings.ContainsAny(run, "/\x00")
}

// journal sends what is known of a run.
func (s *server) journal(w io.Writer, run string) {
	entries, complete := s.Journal.Read(run)
	if !complete {
		entries = append(entries, wire.JournalEntry{Incomplete: true})
	}
	for _, entry := range entries {
		if wire.WriteMessage(w, entry) != nil {
			return
		}
	}
}
